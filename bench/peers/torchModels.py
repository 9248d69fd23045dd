"""The networks of the benchmarks in PyTorch, as `create(name)`."""

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


def toy() -> nn.Module:
    """What a software driver can run; see gpu.ts."""
    stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(
        stem, nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)
    )


own = {"toy": toy, "wrn_28_2": wrn_28_2, "efficientnet_b0_32": efficientnet_b0_32}


def create(name: str) -> nn.Module:
    return own[name]() if name in own else torchvision.models.get_model(name)
