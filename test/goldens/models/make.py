"""Writes <model>.eval.json and <model>.train.json: what torchvision and PyTorch compute, in float64.

Run: /usr/bin/python3 test/goldens/models/make.py [efficientnet_b0.eval ...]   (torch 1.13.0,
torchvision 0.14.1; a minute on two free cores, 1.5 GB)

Weights, statistics, images and masks are draw.py's, keyed by PyTorch's names, so that only results
are stored: logits in evaluation mode; of a training step the loss, and of each gradient and each
change of a batch statistic its norm and a few sums with random signs. Beside each stands the error
of PyTorch's own float32, for scale.
"""
import json
import pathlib
import re
import sys
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.ops import StochasticDepth

import draw
import nets

MODELS = torchvision.models
TENSORFLOW = partial(nn.BatchNorm2d, eps=1e-3)
SMOOTHING = 0.1
#: Least distance to a kink, in units of its layer's root mean square error in float32.
CLEAR = 4


def tf_efficientnet_b0():
    return nets.use_tensorflow_padding(MODELS.efficientnet_b0(norm_layer=TENSORFLOW))


def timm_b7():
    """timm's differs from torchvision's in the epsilon of its normalisation."""
    net = MODELS.efficientnet_b7()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-5
    return net


# The gain keeps the logits of order 1 to 100: a matter of depth, since statistics are not measured.
EVALUATIONS = {
    "efficientnet_b0": (MODELS.efficientnet_b0, {"size": 224, "batch": 2, "gain": 2.2}),
    "efficientnet_b1": (MODELS.efficientnet_b1, {"size": 240, "batch": 1, "gain": 2}),
    "efficientnet_b4": (MODELS.efficientnet_b4, {"size": 380, "batch": 1, "gain": 1.7}),
    "tv_efficientnet_b7": (MODELS.efficientnet_b7, {"size": 600, "batch": 1, "gain": 1.5}),
    "efficientnet_b7": (timm_b7, {"size": 128, "batch": 1, "gain": 1.5}),
    "resnet50": (MODELS.resnet50, {"size": 224, "batch": 2, "gain": 1}),
    "tf_efficientnet_b0": (tf_efficientnet_b0, {"size": 64, "batch": 2, "gain": 2.2}),
    "tf_efficientnet_b0.odd": (tf_efficientnet_b0, {"size": 75, "batch": 2, "gain": 2.2}),
    "wrn_28_2": (partial(nets.WideResNet, 28, 2), {"size": 32, "batch": 4, "gain": 1}),
    "resnet110_cifar": (partial(nets.CifarResNet, 110), {"size": 32, "batch": 4, "gain": 0.5}),
}

RATES = {"drop_rate": 0.2, "path_rate": 0.2}
CIFAR = {"size": 32, "batch": 4, "classes": 10, "drop_rate": 0.2, "path_rate": 0.5}
TRAININGS = {
    "efficientnet_b0": (MODELS.efficientnet_b0, {"size": 64, "batch": 8, "classes": 1000, **RATES}),
    "resnet18": (MODELS.resnet18, {"size": 64, "batch": 8, "classes": 1000, **RATES}),
    "tf_efficientnet_b0": (tf_efficientnet_b0, {"size": 75, "batch": 8, "classes": 1000, **RATES}),
    "wrn_28_2": (partial(nets.WideResNet, 28, 2), CIFAR),
    "resnet20_cifar": (partial(nets.CifarResNet, 20), CIFAR),
}


@lru_cache(maxsize=1)
def weighted(build, gain):
    net = build().double()
    with torch.no_grad():
        for name, t in net.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                t.copy_(draw.initial(name, t.shape, gain))
    return net


def evaluate(build, size, batch, gain):
    net = weighted(build, gain).eval()
    x = draw.images(batch, (3, size, size))
    with torch.no_grad():
        logits = net(x)
        single = deepcopy(net).float()(x.float())
    error = (single - logits).abs().max() / logits.abs().max()
    return {"float32Error": digits(error, 2), "logits": [digits(v, 8) for v in logits.flatten()]}


def drop(net, rate, path_rate, first):
    """Puts masks of ours in the place of PyTorch's; {site: keep} fills as they are drawn."""
    keeps = {}

    def masked(site, keep, x):
        if keep == 1:
            return x
        keeps[site] = keep
        shape = x.shape if site.endswith("dropout") else (len(x), 1, 1, 1)
        return x * draw.mask(site, shape, keep, first).to(x.dtype) / keep

    modules = dict(net.named_modules())
    if isinstance(net, MODELS.EfficientNet):
        for name, module in modules.items():
            if isinstance(module, StochasticDepth):
                stage, i = map(int, re.findall(r"\d+", name))
                module.forward = partial(masked, f"blocks.{stage - 1}.{i}.drop_path", 1 - module.p)
        modules["classifier.0"].forward = partial(masked, "classifier.dropout", 1 - rate)
        return keeps
    # What a hook returns takes the place of the branch's end; the last block has the whole rate.
    blocks = [name for name in modules if re.fullmatch(r"layer\d\.\d+", name)]
    for i, name in enumerate(blocks):
        keep = 1 - path_rate * (i + 1) / len(blocks)
        end = modules[f"{name}.conv2" if isinstance(net, nets.WideResNet) else f"{name}.bn2"]
        mask = partial(masked, f"{name}.drop_path", keep)
        end.register_forward_hook(lambda _, x, y, mask=mask: mask(y))
    modules["fc"].register_forward_pre_hook(lambda _, x: masked("fc.dropout", 1 - rate, x[0]))
    return keeps


@contextmanager
def distances_to_kinks():
    """Collects how far each relu's input is from 0, and each pool's maximum from the next element."""
    found, relu, max_pool2d = [], F.relu, F.max_pool2d

    def watched_relu(x, inplace=False):
        found.append(x.detach().double().clone())
        return relu(x)

    def watched_pool(x, kernel, stride, padding, *others, **options):
        windows = F.unfold(x.detach().double(), kernel, padding=padding, stride=stride)
        first, second = windows.reshape(*x.shape[:2], kernel**2, -1).topk(2, dim=2).values.unbind(2)
        # Where all is 0 the relu before lets no gradient through.
        found.append(torch.where(first > 0, first - second, torch.ones_like(first)))
        return max_pool2d(x, kernel, stride, padding, *others, **options)

    F.relu, F.max_pool2d = watched_relu, watched_pool
    try:
        yield found
    finally:
        F.relu, F.max_pool2d = relu, max_pool2d


class Step:
    """Loss, gradients and changes of the batch statistics of one training step."""

    def __init__(self, dtype, build, size, batch, classes, drop_rate, path_rate, first):
        net = deepcopy(weighted(build, gain=2)).train().to(dtype)
        self.keeps = drop(net, drop_rate, path_rate, first)
        before = {name: t.detach().clone() for name, t in net.named_buffers()}
        x = draw.images(batch, (3, size, size), first).to(dtype)
        with distances_to_kinks() as self.kinks:
            logits = net(x)
        y = draw.labels(batch, classes, first)
        loss = F.cross_entropy(logits, y, label_smoothing=SMOOTHING)
        loss.backward()
        self.loss = loss.item()
        self.gradients = {name: p.grad for name, p in net.named_parameters()}
        self.changes = {
            name: t - before[name] for name, t in net.named_buffers() if t.dtype.is_floating_point
        }


def train(build, **options):
    """
    A gradient jumps where a relu or a pool switches, and in float32 some of a million elements do:
    PyTorch's own gradients are then off by 0.5 % and more. So the first images are taken that stay
    clear of it.
    """
    for first in range(0, 10000, options["batch"]):
        double, single = (Step(t, build, first=first, **options) for t in (torch.float64, torch.float32))
        if all(map(is_clear, double.kinks, single.kinks)):
            break
    else:
        raise RuntimeError("no images stay clear of the kinks")
    return {
        "first": first,
        "float32Error": {
            "loss": digits(abs(single.loss / double.loss - 1), 2),
            "gradient": worst(single.gradients, double.gradients),
            "statistic": worst(single.changes, double.changes),
        },
        "keeps": double.keeps,
        "loss": digits(double.loss, 12),
        "gradients": summary(double.gradients),
        "changes": summary(double.changes),
    }


def is_clear(double, single):
    """A shortcut of 0 whose branch is dropped is exactly at the kink, in float32 too: no harm."""
    apart = (double != 0) | (single != 0)
    return double[apart].abs().min() >= CLEAR * (single - double).square().mean().sqrt()


def worst(single, double):
    """Largest relative error of a tensor, those aside that are zero but for rounding."""
    norms = {name: t.norm() for name, t in double.items()}
    most = max(norms.values())
    errors = [(single[n] - double[n]).norm() / v for n, v in norms.items() if v > 1e-9 * most]
    return digits(max(errors), 2)


def summary(tensors):
    return {
        name: [digits(v, 8) for v in (t.norm(), *draw.projections(name, t))]
        for name, t in tensors.items()
    }


def digits(value, count):
    return float(f"{float(value):.{count}g}")


def write(case, kind, build, options, result):
    golden = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "seed": draw.SEED,
        **options,
        **result,
    }
    # A tensor's numbers on one line.
    text = json.dumps(golden, indent=1)
    text = re.sub(r"\[[^\]]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    pathlib.Path(__file__).with_name(f"{case}.{kind}.json").write_text(text + "\n")
    print(case, kind, result["float32Error"], result.get("loss", ""), flush=True)


def main():
    draw.philox.check()
    torch.set_default_dtype(torch.float64)
    for kind, cases, make in (("eval", EVALUATIONS, evaluate), ("train", TRAININGS, train)):
        for case, (build, options) in cases.items():
            if len(sys.argv) == 1 or f"{case}.{kind}" in sys.argv[1:]:
                write(case, kind, build, options, make(build, **options))


if __name__ == "__main__":
    main()
