"""Writes goldens.json: PyTorch's float64 results and gradients of operators, as norms and samples.

Run: /usr/bin/python3 test/goldens/ops/make.py   (torch 1.13.1)

Operands are drawn from the counter-based generator: element i is 4u - 2 with u the i-th uniform
number of the stream (site fnv1a32("<case>.<operand>"), step 0, sample 0) under seed 3; in a case of
ties it is rounded down, so that bounds are met and operands equal. The loss is sum(y * dy). A tensor is stored as its Euclidean norm and the elements at i * 7919 mod size, i < 8.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from philox import fnv1a32, uniform  # noqa: E402

SEED, SAMPLES = 3, 8


def draw(case, name, shape):
    size = int(torch.tensor(shape).prod())
    values = uniform(size, SEED, fnv1a32(f"{case}.{name}")) * 4 - 2
    if case.startswith("ties") and name != "dy":
        values = np.floor(values)
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def summary(tensor):
    flat = tensor.detach().reshape(-1)
    places = [i * 7919 % len(flat) for i in range(SAMPLES)]
    return {
        "shape": list(tensor.shape),
        "norm": flat.norm().item(),
        "samples": flat[places].tolist(),
    }


def conv(stride=1, pads=(0, 0, 0, 0), dilation=1, groups=1):
    def run(x, w, b=None):
        top, left, bottom, right = pads
        padded = F.pad(x, (left, right, top, bottom))
        return F.conv2d(padded, w, b, stride, 0, dilation, groups)

    return run


def max_pool(kernel, stride, padding):
    return lambda x: F.max_pool2d(x, kernel, stride, padding)


def avg_pool(kernel, stride, padding, include):
    return lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=include)


def batch_norm(x, scale, bias):
    return F.batch_norm(x, None, None, scale, bias, training=True, eps=1e-3)


def hard_sigmoid(x):
    """F.hardsigmoid's definition: its own gradient takes 1/6 in float32, 3e-8 off, in float64 too."""
    return (x / 6 + 0.5).clamp(0, 1)


def cross_entropy(logits, target):
    return F.cross_entropy(logits, target.softmax(-1), reduction="none")


X = (2, 4, 9, 8)
CASES = {
    "conv same": (conv(1, (1, 1, 1, 1)), {"x": X, "w": (6, 4, 3, 3), "b": (6,)}),
    "conv stride": (conv(2, (0, 0, 1, 1)), {"x": X, "w": (6, 4, 3, 3)}),
    "conv remainder": (conv(2), {"x": X, "w": (6, 4, 3, 3)}),
    "conv depthwise": (conv(2, (1, 2, 2, 2), 1, 4), {"x": X, "w": (4, 1, 5, 5)}),
    "conv groups": (conv(1, (1, 1, 1, 1), 1, 2), {"x": X, "w": (6, 2, 3, 3)}),
    "conv dilation": (conv(2, (2, 2, 2, 2), 2), {"x": X, "w": (3, 4, 3, 3)}),
    "conv pointwise": (conv(), {"x": X, "w": (5, 4, 1, 1)}),
    "conv wide": (conv(1, (3, 3, 3, 3)), {"x": X, "w": (5, 4, 2, 3)}),
    "batchNorm": (batch_norm, {"x": X, "scale": (4,), "bias": (4,)}),
    "batchNorm features": (batch_norm, {"x": (7, 4), "scale": (4,), "bias": (4,)}),
    "maxPool": (max_pool(3, 2, 1), {"x": X}),
    "maxPool even": (max_pool(2, 2, 0), {"x": X}),
    "avgPool": (avg_pool(3, 2, 1, True), {"x": X}),
    "avgPool exclude": (avg_pool(3, 2, 1, False), {"x": X}),
    "gelu": (F.gelu, {"x": X}),
    "silu": (F.silu, {"x": X}),
    "hardSwish": (F.hardswish, {"x": X}),
    "hardSigmoid": (hard_sigmoid, {"x": X}),
    "hardSigmoid Keras": (lambda x: (x * 0.2 + 0.4).clamp(0, 1), {"x": X}),
    "geluTanh": (lambda x: F.gelu(x, approximate="tanh"), {"x": X}),
    "softplus": (F.softplus, {"x": X}),
    "elu": (lambda x: F.elu(x, 0.5), {"x": X}),
    "mish": (F.mish, {"x": X}),
    "pow": (lambda x: x.pow(3), {"x": X}),
    "clip": (lambda x: x.clamp(-0.5, 1), {"x": X}),
    "ties clip": (lambda x: x.clamp(-1, 0), {"x": X}),
    "ties clip above": (lambda x: x.clamp(max=0), {"x": X}),
    "ties hardtanh": (lambda x: F.hardtanh(x, -1, 0), {"x": X}),
    "ties relu6": (lambda x: F.relu6(x * 6), {"x": X}),
    "ties abs": (torch.abs, {"x": X}),
    "ties leakyRelu": (lambda x: F.leaky_relu(x, 0.2), {"x": X}),
    "ties prelu": (F.prelu, {"x": X, "w": (4,)}),
    "ties elu": (lambda x: F.elu(x, 0.5), {"x": X}),
    "ties maximum": (torch.maximum, {"a": X, "b": (4, 1, 8)}),
    "ties minimum": (torch.minimum, {"a": X, "b": (1, 8)}),
    "slice": (lambda x: x[:, :, 1:9:3], {"x": X}),
    "split": (lambda x: x.split([1, 3], 1)[1], {"x": X}),
    "gather": (lambda x: x.index_select(2, torch.tensor([3, 3, 0, 8, 3, 0])), {"x": X}),
    "expand": (lambda x: x.expand(2, 4, 3, 8), {"x": (2, 4, 1, 8)}),
    "softmax axis": (lambda x: x.softmax(1), {"x": X}),
    "logSoftmax": (lambda x: x.log_softmax(1), {"x": X}),
    "softmax": (lambda x: x.softmax(-1), {"x": (5, 10)}),
    "softmaxCrossEntropy": (cross_entropy, {"logits": (5, 10), "target": (5, 10)}),
}


def main():
    goldens = {}
    for name, (run, shapes) in CASES.items():
        operands = {key: draw(name, key, shape).requires_grad_() for key, shape in shapes.items()}
        y = run(*operands.values())
        (y * draw(name, "dy", y.shape)).sum().backward()
        operands.pop("target", None)
        grads = {key: summary(value.grad) for key, value in operands.items()}
        goldens[name] = {"y": summary(y), "grads": grads}
    header = {"torch": torch.__version__, "seed": SEED}
    file = pathlib.Path(__file__).with_name("goldens.json")
    file.write_text(json.dumps({**header, "cases": goldens}, indent=1) + "\n")


if __name__ == "__main__":
    main()
