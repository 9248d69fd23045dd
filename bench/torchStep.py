"""A training step of a network in PyTorch: torchStep.py MODEL BATCH SIZE THREADS.

Writes "ready", then takes a step for each line that it reads and answers with its milliseconds.
The step is Gradus's: RMSProp, weight decay, moving average of weights and statistics, noise on.
"""

import sys
import time

import torch
import torchvision
from torch import nn
from torchvision.models.efficientnet import EfficientNet, _efficientnet_conf


class WideBlock(nn.Module):
    """A pre-activation block of arXiv 1605.07146."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(out)
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.project = None if channels == out else nn.Conv2d(channels, out, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu_(self.bn1(x))
        shortcut = x if self.project is None else self.project(h)
        return shortcut + self.conv2(torch.relu_(self.bn2(self.conv1(h))))


def wrn_28_2() -> nn.Module:
    widths = [16, 32, 64, 128]
    blocks = [
        WideBlock(widths[s] if i == 0 else widths[s + 1], widths[s + 1], 2 if i == 0 and s > 0 else 1)
        for s in range(3)
        for i in range(4)
    ]
    stem = nn.Conv2d(3, 16, 3, padding=1, bias=False)
    head = [nn.BatchNorm2d(128), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(stem, *blocks, *head, nn.Linear(128, 10))


def efficientnet_b0_32() -> nn.Module:
    """Stages 2 and 3 at stride 1, as the published SVHN code."""
    stages, last = _efficientnet_conf("efficientnet_b0", width_mult=1.0, depth_mult=1.0)
    for stage in stages[1:3]:
        stage.stride = 1
    return EfficientNet(stages, dropout=0.2, last_channel=last, num_classes=10)


own = {"wrn_28_2": wrn_28_2, "efficientnet_b0_32": efficientnet_b0_32}
name = sys.argv[1]
batch, size, threads = (int(word) for word in sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = (own[name]() if name in own else torchvision.models.get_model(name)).train()
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
