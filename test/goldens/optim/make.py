"""Writes trajectories.json: 20 steps of each optimizer on softmax regression, in float64.

Run: /usr/bin/python3 test/goldens/optim/make.py   (torch 1.13.1)

The problem has no random numbers: x[i,j] = sin(1 + 3i + 7j), label i mod 3, weights
w[k,j] = cos(1 + 5k + 2j), b[k] = 0.1 * (k + 1). The gradient is the weighted mean over the rows
with sample weights 1 + i mod 2. The learning rate falls by 5 % a step, so that it matters whether
the momentum buffer holds it. Weight decay leaves the bias alone.
"""
import json
import math
import pathlib

import torch

STEPS, ROWS, FEATURES, CLASSES = 20, 6, 4, 3
EMA_DECAY = 0.9


class RMSpropTF:
    """timm's RMSpropTF (timm/optim/rmsprop_tf.py, lr_in_momentum=True), written out."""

    def __init__(self, groups, lr, alpha=0.9, eps=1e-3, momentum=0.9, decoupled_decay=False):
        self.param_groups = [{"lr": lr, "weight_decay": 0.0, **group} for group in groups]
        self.alpha, self.eps, self.momentum = alpha, eps, momentum
        self.decoupled_decay = decoupled_decay
        self.state = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if p not in self.state:
                    self.state[p] = (torch.ones_like(p), torch.zeros_like(p))
                square_avg, buf = self.state[p]
                if group["weight_decay"] != 0:
                    if self.decoupled_decay:
                        p.mul_(1.0 - group["lr"] * group["weight_decay"])
                    else:
                        grad = grad.add(p, alpha=group["weight_decay"])
                square_avg.add_(grad.pow(2) - square_avg, alpha=1.0 - self.alpha)
                avg = square_avg.add(self.eps).sqrt()
                buf.mul_(self.momentum).addcdiv_(grad, avg, value=group["lr"])
                p.add_(-buf)


class Lion:
    """Algorithm 2 of arXiv 2302.06675, written out: torch has no Lion."""

    def __init__(self, groups, lr, betas=(0.9, 0.99)):
        self.param_groups = [{"lr": lr, "weight_decay": 0.0, **group} for group in groups]
        self.betas = betas
        self.state = {}

    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state.get(p, torch.zeros_like(p))
                update = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p.sub_(group["lr"] * (update + group["weight_decay"] * p))
                self.state[p] = beta2 * m + (1 - beta2) * p.grad


CASES = {
    "sgd": dict(make=torch.optim.SGD, lr=0.5),
    "sgd momentum": dict(make=torch.optim.SGD, lr=0.2, momentum=0.9),
    "sgd nesterov l2": dict(make=torch.optim.SGD, lr=0.2, momentum=0.9, nesterov=True, wd=0.02),
    "sgd clip": dict(make=torch.optim.SGD, lr=0.5, momentum=0.8, clip=0.15),
    "rmspropTf": dict(make=RMSpropTF, lr=0.05),
    "rmspropTf l2": dict(make=RMSpropTF, lr=0.05, wd=0.03, alpha=0.8, momentum=0.7, eps=1e-2),
    "rmspropTf decoupled clip": dict(make=RMSpropTF, lr=0.05, wd=0.1, decoupled_decay=True, clip=0.14),
    "adamw": dict(make=torch.optim.AdamW, lr=0.1, wd=0.0),
    "adamw decoupled": dict(make=torch.optim.AdamW, lr=0.1, wd=0.2, betas=(0.8, 0.95)),
    "adamw l2": dict(make=torch.optim.Adam, lr=0.1, wd=0.05),
    "lion": dict(make=Lion, lr=0.02),
    "lion decoupled clip": dict(make=Lion, lr=0.02, wd=0.3, betas=(0.8, 0.95), clip=0.15),
}


def run(make, lr, wd=0.0, clip=None, **options):
    x = torch.tensor([[math.sin(1 + 3 * i + 7 * j) for j in range(FEATURES)] for i in range(ROWS)])
    labels = torch.tensor([i % CLASSES for i in range(ROWS)])
    weights = torch.tensor([1.0 + i % 2 for i in range(ROWS)])
    w = torch.tensor([[math.cos(1 + 5 * k + 2 * j) for j in range(FEATURES)] for k in range(CLASSES)])
    b = torch.tensor([0.1 * (k + 1) for k in range(CLASSES)])
    w.requires_grad_()
    b.requires_grad_()
    groups = [{"params": [w], "weight_decay": wd}, {"params": [b], "weight_decay": 0.0}]
    optimizer = make(groups, lr=lr, **options)
    average = [p.detach().clone() for p in (w, b)]
    rows, clipped = [], []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = lr * 0.95**step
        w.grad = b.grad = None
        losses = torch.nn.functional.cross_entropy(x @ w.T + b, labels, reduction="none")
        ((losses * weights).sum() / weights.sum()).backward()
        if clip is not None:
            clipped.append(torch.nn.utils.clip_grad_norm_([w, b], clip).item() > clip)
        optimizer.step()
        for mean, p in zip(average, (w, b)):
            mean.copy_(EMA_DECAY * mean + (1 - EMA_DECAY) * p.detach())
        rows.append([norm.item() for p in (w, b) for norm in (p.norm(), p.sum())])
    assert clip is None or len(set(clipped)) == 2, f"clipping at {clip}: {clipped}"
    return {
        "weight": w.flatten().tolist(),
        "bias": b.tolist(),
        "ema": average[0].flatten().tolist(),
        "normAndSum": rows,
    }


torch.set_default_dtype(torch.float64)
golden = {
    "torch": torch.__version__.split("+")[0],
    "emaDecay": EMA_DECAY,
    "cases": {name: run(**case) for name, case in CASES.items()},
}
lines = json.dumps(golden, indent=1)
pathlib.Path(__file__).with_name("trajectories.json").write_text(lines + "\n")
