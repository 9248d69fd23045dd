"""Labelling with a network in PyTorch, eager: torchLabel.py MODEL BATCH SIZE THREADS.

Writes "ready", then labels a batch for each line that it reads and answers with its milliseconds: 8-bit
images to probabilities, as Gradus's labeller does.
"""

import sys
import time

import torch
import torchvision

name = sys.argv[1]
batch, size, threads = (int(word) for word in sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = torchvision.models.get_model(name).eval()
pixels = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)

print("ready", torch.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    with torch.no_grad():
        model((pixels / 255 - mean) / std).softmax(1).sum().item()
    print(1000 * (time.perf_counter() - start), flush=True)
