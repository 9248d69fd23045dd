"""What the scripts that run PyTorch on the CPU share: their arguments, and their turns.

The arguments are MODEL BATCH SIZE THREADS NCHW|channels_last float32|bfloat16 HOW.
"""

import json
import sys
import time
from contextlib import nullcontext

import torch

name = sys.argv[1]
batch, size, threads = (int(word) for word in sys.argv[2:5])
layout = torch.channels_last if sys.argv[5] == "channels_last" else torch.contiguous_format
bfloat16 = sys.argv[6] == "bfloat16"
how = sys.argv[7]
torch.set_num_threads(threads)
torch.manual_seed(1)


def cast():
    return torch.autocast("cpu", torch.bfloat16) if bfloat16 else nullcontext()


def take_turns(work) -> None:
    """Says "ready"; then for each line, a number of seconds, works that long and writes milliseconds."""
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        taken = []
        begun = time.perf_counter()
        while len(taken) < 2 or time.perf_counter() - begun < float(line):
            start = time.perf_counter()
            work()
            taken.append(1000 * (time.perf_counter() - start))
        print(json.dumps(taken), flush=True)
