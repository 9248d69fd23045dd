"""A training step of a network in PyTorch: torchStep.py MODEL BATCH SIZE THREADS.

Writes "ready", then takes a step for each line that it reads and answers with its milliseconds.
The step is Gradus's: RMSProp, weight decay, moving average of weights and statistics, noise on.
"""

import sys
import time

import torch

from torchModels import create

name = sys.argv[1]
batch, size, threads = (int(word) for word in sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = create(name).train()
optimizer = torch.optim.RMSprop(
    model.parameters(), lr=1e-3, alpha=0.9, momentum=0.9, eps=1e-3, weight_decay=1e-5
)
tracked = [t for t in model.state_dict().values() if t.is_floating_point()]
average = [t.clone() for t in tracked]
images = torch.rand(batch, 3, size, size)
labels = torch.arange(batch) % 10


def step() -> None:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for mean, value in zip(average, tracked):
            mean.lerp_(value, 1e-4)
    loss.item()


print("ready", torch.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    step()
    print(1000 * (time.perf_counter() - start), flush=True)
