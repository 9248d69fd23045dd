"""Steps of a network in PyTorch on a GPU: torchGpu.py MODEL BATCH SIZE train|label VARIANT STEPS.

VARIANT is words joined by +: channels_last, amp, compiled; or eager. Prints one line of JSON: version,
device, milliseconds of each step, milliseconds of bringing a batch up. A step is Gradus's: images come
from the host; training is RMSProp with weight decay and a moving average of all weights, noise on;
labelling takes 8-bit images [N,H,W,C] and gives probabilities to the host. Without CUDA it runs on the CPU.
"""

import json
import sys
import time
from contextlib import nullcontext

import torch

from torchModels import create

name, batch, size, mode, variant, steps = sys.argv[1:]
batch, size, steps = int(batch), int(size), int(steps)
words = variant.split("+")
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
layout = torch.channels_last if "channels_last" in words else torch.contiguous_format
torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cudnn.allow_tf32 = True
torch.backends.cudnn.benchmark = True
torch.manual_seed(1)
network = create(name).to(device=device, memory_format=layout).train(mode == "train")
model = torch.compile(network) if "compiled" in words else network
amp = "amp" in words and cuda


def cast():
    return torch.autocast("cuda", torch.float16) if amp else nullcontext()


def pinned(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.pin_memory() if cuda else tensor


def up(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(device, non_blocking=True)


def wait() -> None:
    if cuda:
        torch.cuda.synchronize()


class Training:
    def __init__(self) -> None:
        self.images = pinned(torch.rand(batch, 3, size, size).contiguous(memory_format=layout))
        self.labels = up(torch.arange(batch) % 10)
        self.optimizer = torch.optim.RMSprop(
            network.parameters(), lr=1e-3, alpha=0.9, momentum=0.9, eps=1e-3, weight_decay=1e-5
        )
        self.scaler = torch.cuda.amp.GradScaler(enabled=amp)
        self.tracked = [t for t in network.state_dict().values() if t.is_floating_point()]
        self.average = [t.clone() for t in self.tracked]

    def step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        with cast():
            logits = model(up(self.images))
            loss = torch.nn.functional.cross_entropy(logits, self.labels)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        with torch.no_grad():
            torch._foreach_mul_(self.average, 1 - 1e-4)
            torch._foreach_add_(self.average, self.tracked, alpha=1e-4)


class Labelling:
    def __init__(self) -> None:
        self.images = pinned(torch.randint(0, 256, (batch, size, size, 3), dtype=torch.uint8))

    @torch.inference_mode()
    def step(self) -> None:
        images = up(self.images).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=layout)
        with cast():
            logits = model(images)
        logits.float().softmax(1).cpu()


work = Training() if mode == "train" else Labelling()
for _ in range(3):
    work.step()
wait()

# Training goes on without waiting for each step, as ours does; labels come back each time.
chunk = 1 if mode == "label" else max(1, min(10, steps // 3))
times = []
for _ in range(max(3, steps // chunk)):
    start = time.perf_counter()
    for _ in range(chunk):
        work.step()
    wait()
    times.append(1000 * (time.perf_counter() - start) / chunk)

transfers = []
for _ in range(10):
    start = time.perf_counter()
    up(work.images)
    wait()
    transfers.append(1000 * (time.perf_counter() - start))

print(
    json.dumps(
        {
            "version": torch.__version__,
            "device": torch.cuda.get_device_name() if cuda else "cpu",
            "milliseconds": times,
            "transferMilliseconds": sorted(transfers)[5] if cuda else None,
        }
    )
)
