"""Writes goldens.json: float64 results of small networks, as timm builds them or spelled in PyTorch.

Run: PYTHONPATH=TIMM /usr/bin/python3 test/goldens/networks/make.py
(torch 1.13.1; TIMM is the tag v0.9.16 of timm's repository)

torchvision has neither TensorFlow's padding nor the networks for small images. Tensors are drawn
from the counter-based generator: the uniform numbers u of the stream (site fnv1a32("<case>.<name>"),
step 0, sample 0) under seed 6, as 2u - 1, weights with several axes divided by the root of their
fan-in; running_var as u + 0.5. Of each network: the logits of two images in evaluation and in
training mode (without noise), and the norms of the batch statistics after training.
"""
import json
import math
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from timm.models.efficientnet import _gen_efficientnet

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from philox import fnv1a32, uniform  # noqa: E402

SEED = 6


def draw(case, name, shape):
    u = torch.tensor(uniform(math.prod(shape), SEED, fnv1a32(f"{case}.{name}"))).reshape(shape)
    if name.endswith("running_var"):
        return u + 0.5
    fan_in = math.prod(shape[1:]) if name.endswith("weight") and len(shape) > 1 else 1
    return (2 * u - 1) / math.sqrt(fan_in)


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class CifarBlock(nn.Module):
    """arXiv 1512.03385 with option A: every other pixel, zeros behind the channels."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        self.stride, self.extra = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        return F.relu(y + F.pad(shortcut, (0, 0, 0, 0, 0, self.extra)))


class WideBlock(nn.Module):
    """arXiv 1605.07146: the projection sees what was normalised and activated."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, outputs, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv(outputs, outputs, 3)
        self.downsample = conv(inputs, outputs, 1, stride) if inputs != outputs else None

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (self.downsample(active) if self.downsample else x)


class Small(nn.Module):
    def __init__(self, block, widths, blocks, pre_activated):
        super().__init__()
        self.conv1, self.pre_activated = conv(3, 16, 3), pre_activated
        self.bn1 = nn.BatchNorm2d(widths[-1] if pre_activated else 16)
        inputs = 16
        for i, width in enumerate(widths):
            stage = []
            for j in range(blocks):
                stage.append(block(inputs, width, 2 if i > 0 and j == 0 else 1))
                inputs = width
            setattr(self, f"layer{i + 1}", nn.Sequential(*stage))
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = self.conv1(x)
        if not self.pre_activated:
            x = F.relu(self.bn1(x))
        x = self.layer3(self.layer2(self.layer1(x)))
        if self.pre_activated:
            x = F.relu(self.bn1(x))
        return self.fc(x.mean((2, 3)))


def effnet(**options):
    return _gen_efficientnet("efficientnet_b0", 0.25, 0.5, num_classes=10, **options)


CASES = {
    "efficientnet": (41, lambda: effnet()),
    "tf_efficientnet": (41, lambda: effnet(pad_type="same", bn_eps=1e-3)),
    "resnet14_cifar": (16, lambda: Small(CifarBlock, [16, 32, 64], 2, False)),
    "wrn_16_2": (16, lambda: Small(WideBlock, [32, 64, 128], 2, True)),
}


def run(case, size, make):
    model = make().double()
    state = {k: v for k, v in model.state_dict().items() if "num_batches" not in k}
    drawn = {name: draw(case, name, tuple(value.shape)) for name, value in state.items()}
    model.load_state_dict(drawn, strict=False)
    image = draw(case, "image", (2, 3, size, size))
    with torch.no_grad():
        evaluated = model.eval()(image).flatten().tolist()
        trained = model.train()(image).flatten().tolist()
    norms = {name: v.norm().item() for name, v in model.named_buffers() if "running" in name}
    return {"size": size, "eval": evaluated, "train": trained, "buffers": norms}


def main():
    goldens = {case: run(case, size, make) for case, (size, make) in CASES.items()}
    file = pathlib.Path(__file__).with_name("goldens.json")
    file.write_text(json.dumps({"torch": torch.__version__, "seed": SEED, "cases": goldens}) + "\n")


if __name__ == "__main__":
    main()
