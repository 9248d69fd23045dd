"""Writes trajectories.json: 50 training steps of two networks by two optimizers, in float64; and of
one with frozen modules, as requires_grad_(False) and eval() make them.

Run: /usr/bin/python3 test/goldens/trajectory/make.py   (torch 1.13.1)

Weights, images, targets and masks come from philox.py: the stream of a tensor is (seed, step,
site = fnv1a32(name), sample), so that a test draws the same ones; stored are the losses, and for
each tensor at the end its norm and its sum weighted by 1..n (which tells an order of elements).
"""
import json
import pathlib
import re
import sys

import numpy as np
import torch
from torch.optim.sgd import sgd as torch_sgd

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import philox
from nets import ConvNet, MbConvNet

SEED, STEPS, BATCH, CLASSES = 20260711, 50, 8, 10
EMA_DECAY, SMOOTHING, RATE_DECAY = 0.99, 0.1, 0.98


def draw(name, shape, step=0, sample=0):
    values = philox.uniform(int(np.prod(shape)), SEED, philox.fnv1a32(name), step, sample)
    return torch.from_numpy(values).reshape(tuple(shape))


def initial(name, shape):
    """Matrices and kernels within 1/sqrt(fan in), scales in [0.75, 1.25), biases within 0.1."""
    u = draw(name, shape)
    if len(shape) > 1:
        return (2 * u - 1) / np.sqrt(np.prod(shape[1:]))
    return 0.75 + 0.5 * u if name.endswith("weight") else 0.1 * (2 * u - 1)


def draw_batch(step, shape):
    """Images whose brightness tells the class, soft targets of two classes, unequal weights."""
    samples = range(BATCH)
    first, second, weight = torch.stack([draw("label", (3,), step, i) for i in samples]).T
    first, second = (first * CLASSES).long(), (second * CLASSES).long()
    one_hot = torch.eye(CLASSES)
    target = 0.75 * one_hot[first] + 0.25 * one_hot[second]
    pixels = torch.stack([draw("image", shape, step, i) for i in samples])
    images = pixels * (0.25 * (first + 1)).reshape(-1, 1, 1, 1)
    return images, target, 0.5 + weight


def mask_of_step(step):
    def mask(site, shape, keep):
        rows = [draw(site, shape[1:], step, i) < keep for i in range(shape[0])]
        return torch.stack(rows).double()

    return mask


class Sgd:
    """torch.optim.SGD with Nesterov's momentum; L2 decay is in the gradient already."""

    rate, decay, slots = 0.05, 5e-4, {"momentum": torch.zeros_like}

    def step(self, p, g, state, rate):
        options = {"weight_decay": 0, "momentum": 0.9, "dampening": 0, "nesterov": True}
        torch_sgd([p], [g], [state["momentum"]], lr=rate, maximize=False, **options)


class RmspropTf:
    """timm's RMSpropTF: epsilon inside the root, mean square from ones, the rate in the momentum."""

    rate, decay = 0.01, 1e-5
    slots = {"square_avg": torch.ones_like, "momentum": torch.zeros_like}

    def step(self, p, g, state, rate):
        mean, momentum = state["square_avg"], state["momentum"]
        mean.add_((1 - 0.9) * (g * g - mean))
        momentum.mul_(0.9).add_(rate * g / torch.sqrt(mean + 1e-3))
        p.sub_(momentum)


def summary(tensors):
    return {
        name: [digits(t.norm()), digits((t.flatten() * torch.arange(1.0, t.numel() + 1)).sum())]
        for name, t in tensors.items()
    }


def digits(value):
    return float(f"{value.item():.12g}")


def train(net, optimizer):
    params = {
        name: initial(name, shape).requires_grad_(not net.is_frozen(name))
        for name, shape in net.params.items()
    }
    trained = {name: p for name, p in params.items() if p.requires_grad}
    state = {
        name: {slot: fill(p.detach()) for slot, fill in optimizer.slots.items()}
        for name, p in trained.items()
    }
    moving = {n: t for n, t in {**params, **net.buffers}.items() if not net.is_frozen(n)}
    averages = {name: t.detach().clone() for name, t in moving.items()}
    losses = []
    for step in range(STEPS):
        images, target, weight = draw_batch(step, net.image)
        logits = net.forward(params, images, mask_of_step(step))
        smoothed = (1 - SMOOTHING) * target + SMOOTHING / CLASSES
        each = -(smoothed * torch.log_softmax(logits, 1)).sum(1)
        loss = (each * weight).sum() / weight.sum()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(trained.values()))
        with torch.no_grad():
            for (name, p), g in zip(trained.items(), gradients):
                if p.dim() > 1:
                    g = g + optimizer.decay * p
                optimizer.step(p, g, state[name], optimizer.rate * RATE_DECAY**step)
            for name, t in moving.items():
                averages[name] = EMA_DECAY * averages[name] + (1 - EMA_DECAY) * t
    final = {**params, **net.buffers}
    final.update({f"ema.{name}": t for name, t in averages.items()})
    for name, slots in state.items():
        final.update({f"optim.{slot}.{name}": t for slot, t in slots.items()})
    return {"losses": losses, "final": summary({n: t.detach() for n, t in final.items()})}


def main():
    philox.check()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    golden = {
        "torch": torch.__version__.split("+")[0],
        "seed": SEED,
        "words": philox.fill_bits(10, SEED, philox.fnv1a32("image"), 3, 2).tolist(),
        "runs": {
            f"{net.__name__} {optimizer.__name__}": train(net(), optimizer())
            for net in (ConvNet, MbConvNet)
            for optimizer in (Sgd, RmspropTf)
        },
    }
    # The head's normalisation too, so that gradients pass through one that is frozen.
    net = MbConvNet(frozen=("conv_stem", "bn1", "blocks.0", "blocks.2", "bn2"))
    golden["runs"]["MbConvNet RmspropTf frozen"] = {
        "freeze": net.frozen,
        **train(net, RmspropTf()),
    }
    # A tensor's two numbers on one line.
    text = re.sub(r"\[\s+(\S+)\s+(\S+)\s+\]", r"[\1 \2]", json.dumps(golden, indent=1))
    pathlib.Path(__file__).with_name("trajectories.json").write_text(text + "\n")
    for name, run in golden["runs"].items():
        print(name, " ".join(f"{loss:.3f}" for loss in run["losses"][::7]))


if __name__ == "__main__":
    main()
