"""Writes goldens.json: PyTorch's float64 results of layers as modules, with their state_dict's names.

Run: /usr/bin/python3 test/goldens/layers/make.py   (torch 1.13.1)

Every tensor is drawn from the counter-based generator: the uniform numbers u of the stream (site
fnv1a32("<case>.<name>"), step 0, sample 0) under seed 5, as 2u - 1; running_var as u + 0.5; a mask
(a name that starts with `noise.`) as 1 where u < its keep. The image is [2,6,9,8]. A tensor is
stored as its Euclidean norm and the elements at i * 7919 mod size, i < 8.
"""
import json
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from philox import fnv1a32, uniform  # noqa: E402

SEED, SAMPLES, IMAGE = 5, 8, (2, 6, 9, 8)


def draw(case, name, shape, keep=None):
    size = int(torch.tensor(shape).prod())
    u = uniform(size, SEED, fnv1a32(f"{case}.{name}"))
    values = u < keep if keep else u + 0.5 if name.endswith("running_var") else 2 * u - 1
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def summary(tensor):
    flat = tensor.detach().reshape(-1)
    places = [i * 7919 % len(flat) for i in range(SAMPLES)]
    return {"norm": flat.norm().item(), "samples": flat[places].tolist()}


class Same(nn.Module):
    """TensorFlow's 'same': the odd pixel at the end."""

    def __init__(self, kernel, stride, module):
        super().__init__()
        self.kernel, self.stride, self.inner = kernel, stride, [module]
        for name, p in module.named_parameters():
            self.register_parameter(name, p)

    def pad(self, x):
        sides = []
        for size in (x.shape[3], x.shape[2]):
            total = max((-(-size // self.stride) - 1) * self.stride + self.kernel - size, 0)
            sides += [total // 2, total - total // 2]
        return F.pad(x, sides)

    def forward(self, x):
        return self.inner[0](self.pad(x))


class SameAverage(Same):
    """Padding is left out of the mean."""

    def forward(self, x):
        pool = self.inner[0]
        return pool(self.pad(x)) / pool(self.pad(torch.ones_like(x)))


class Tokens(nn.Module):
    """[N,C,H,W] as [N,H*W,C], normalised, projected."""

    def __init__(self):
        super().__init__()
        self.norm, self.fc = nn.LayerNorm(6), nn.Linear(6, 4)

    def forward(self, x):
        return F.gelu(self.fc(self.norm(x.flatten(2).transpose(1, 2))))


class Function(nn.Module):
    """A function without parameters."""

    def __init__(self, apply):
        super().__init__()
        self.apply_ = apply

    def forward(self, x):
        return self.apply_(x)


def pixels(x):
    """The first half of what pixels make as channels, laid out as pixels again."""
    return F.pixel_shuffle(F.pixel_unshuffle(F.pad(x, (0, 0, 0, 1)), 2)[:, :12], 2)


class ClassToken(nn.Module):
    """A class token before the pixels as tokens, each second of them, the features turned round."""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 6))

    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1)
        first, rest = tokens[:, ::2].flip(2).split([1, 36], 1)
        return first * rest


class LayerNorm2d(nn.LayerNorm):
    """torchvision's."""

    def __init__(self):
        super().__init__(6, eps=1e-6)

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduced):
        super().__init__()
        self.conv_reduce = nn.Conv2d(channels, reduced, 1)
        self.conv_expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, x):
        gate = self.conv_expand(F.silu(self.conv_reduce(x.mean((2, 3), keepdim=True))))
        return x * gate.sigmoid()


class MBConv(nn.Module):
    """timm's InvertedResidual with a given mask of the branch."""

    def __init__(self, mask):
        super().__init__()
        self.mask = mask
        self.conv_pw, self.bn1 = nn.Conv2d(6, 24, 1, bias=False), nn.BatchNorm2d(24, eps=1e-3)
        self.conv_dw = nn.Conv2d(24, 24, 5, padding=2, groups=24, bias=False)
        self.bn2, self.se = nn.BatchNorm2d(24, eps=1e-3), SqueezeExcite(24, 1)
        self.conv_pwl, self.bn3 = nn.Conv2d(24, 6, 1, bias=False), nn.BatchNorm2d(6, eps=1e-3)

    def forward(self, x):
        y = F.silu(self.bn1(self.conv_pw(x)))
        y = self.se(F.silu(self.bn2(self.conv_dw(y))))
        return x + self.bn3(self.conv_pwl(y)) * self.mask / 0.8


class Classifier(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.mask, self.classifier = mask, nn.Linear(6, 10)

    def forward(self, x):
        return self.classifier(x.mean((2, 3)) * self.mask / 0.75)


def mb_conv():
    return MBConv(draw("mbConv", "noise.drop_path", (2, 1, 1, 1), 0.8))


def classifier():
    return Classifier(draw("classifier", "noise.classifier.dropout", (2, 6), 0.75))


CASES = {
    "conv2d": lambda: nn.Conv2d(6, 4, 3, stride=2, padding=(1, 0), dilation=(1, 2), groups=2),
    "conv2d same": lambda: Same(3, 2, nn.Conv2d(6, 4, 3, stride=2)),
    "conv2d symmetric": lambda: nn.Conv2d(6, 4, 5, stride=2, padding=4, dilation=2, bias=False),
    "depthwise": lambda: nn.Conv2d(6, 6, 3, padding=1, groups=6),
    "batchNorm": lambda: nn.BatchNorm2d(6, eps=1e-3, momentum=0.03),
    "maxPool": lambda: nn.MaxPool2d(3, 2, 1),
    "avgPool": lambda: nn.AvgPool2d(3, 2, 1),
    "avgPool same": lambda: SameAverage(2, 2, nn.AvgPool2d(2, 2)),
    "maxPool ceil": lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "maxPool ceil wide": lambda: nn.MaxPool2d((2, 3), (3, 4), ceil_mode=True),
    "maxPool ceil small": lambda: nn.MaxPool2d((11, 10), (4, 3), ceil_mode=True),
    "avgPool ceil": lambda: nn.AvgPool2d((4, 3), (3, 2), 1, ceil_mode=True),
    "avgPool ceil exclude": lambda: nn.AvgPool2d(
        (4, 3), (3, 2), 1, ceil_mode=True, count_include_pad=False
    ),
    "avgPool ceil wide": lambda: nn.AvgPool2d((2, 3), (3, 4), ceil_mode=True),
    "mean": lambda: Function(lambda x: x.mean((1, 3))),
    "sum": lambda: Function(lambda x: x.sum((2,), keepdim=True)),
    "amax": lambda: Function(lambda x: x.amax((1, 2, 3))),
    "norm": lambda: Function(lambda x: x.norm(dim=(1, 2), keepdim=True)),
    "matmul": lambda: Function(lambda x: x.amax(1, keepdim=True) @ x.transpose(2, 3)),
    "interpolate": lambda: Function(lambda x: F.interpolate(x, scale_factor=2)),
    "interpolate nearest": lambda: Function(lambda x: F.interpolate(x, size=(5, 19))),
    "interpolate nearest-exact": lambda: Function(lambda x: F.interpolate(x, size=(4, 13), mode="nearest-exact")),
    "interpolate bilinear": lambda: Function(lambda x: F.interpolate(x, scale_factor=(2, 3), mode="bilinear")),
    "interpolate bilinear scale": lambda: Function(lambda x: F.interpolate(x, scale_factor=(1.7, 0.6), mode="bilinear")),
    "interpolate bilinear corners": lambda: Function(lambda x: F.interpolate(x, size=(13, 5), mode="bilinear", align_corners=True)),
    "interpolate bilinear one": lambda: Function(lambda x: F.interpolate(x, size=(1, 1), mode="bilinear", align_corners=True)),
    "interpolate bicubic": lambda: Function(lambda x: F.interpolate(x, size=(14, 5), mode="bicubic")),
    "interpolate bicubic corners": lambda: Function(lambda x: F.interpolate(x, size=(1, 17), mode="bicubic", align_corners=True)),
    "convTranspose2d": lambda: nn.ConvTranspose2d(
        6, 4, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2, dilation=(1, 2)
    ),
    "convTranspose2d plain": lambda: nn.ConvTranspose2d(6, 5, 4, padding=1, bias=False),
    "instanceNorm": lambda: nn.InstanceNorm2d(6),
    "instanceNorm affine": lambda: nn.InstanceNorm2d(6, eps=1e-3, affine=True),
    "layerNorm2d": LayerNorm2d,
    "localResponseNorm": lambda: nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0),
    "localResponseNorm even": lambda: nn.LocalResponseNorm(4, alpha=0.5),
    "pad2d": lambda: Function(lambda x: F.pad(x, (1, 2, 3, 0), value=-0.5)),
    "pad2d reflect": lambda: Function(lambda x: F.pad(x, (7, 2, 3, 8), mode="reflect")),
    "pad2d replicate": lambda: Function(lambda x: F.pad(x, (9, 2, 0, 10), mode="replicate")),
    "pad2d circular": lambda: Function(lambda x: F.pad(x, (8, 2, 1, 9), mode="circular")),
    "groupNorm": lambda: nn.GroupNorm(3, 6, eps=1e-4),
    "tokens": Tokens,
    "prelu": lambda: nn.PReLU(6),
    "prelu shared": lambda: nn.PReLU(),
    "pixelShuffle": lambda: Function(pixels),
    "classToken": ClassToken,
    "squeezeExcite": lambda: SqueezeExcite(6, 2),
    "mbConv": mb_conv,
    "classifier": classifier,
}


def run(case, make, training):
    module = make().double().train(training)
    state = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    names = {name: list(value.shape) for name, value in state.items()}
    module.load_state_dict({k: draw(case, k, s) for k, s in names.items()}, strict=False)
    y = module(draw(case, "image", IMAGE))
    buffers = {k: summary(v) for k, v in module.named_buffers() if "running" in k}
    return {"state": names, "shape": list(y.shape), "y": summary(y), "buffers": buffers}


def main():
    goldens = {}
    for case, make in CASES.items():
        goldens[case] = {"train": run(case, make, True)}
        if case == "batchNorm":
            goldens[case]["eval"] = run(case, make, False)
    header = {"torch": torch.__version__, "seed": SEED}
    file = pathlib.Path(__file__).with_name("goldens.json")
    file.write_text(json.dumps({**header, "cases": goldens}) + "\n")


if __name__ == "__main__":
    main()
