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


class NAdam:
    """torch.optim.NAdam of torch 2 (_single_tensor_nadam), written out.

    That of torch 1.13 multiplies mu into the product of the next step twice; 2.0 repaired it.
    """

    def __init__(self, groups, lr, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        self.param_groups = [{"lr": lr, "weight_decay": 0.0, **group} for group in groups]
        self.betas, self.eps, self.momentum_decay = betas, eps, momentum_decay
        self.state = {}
        self.t, self.mu_product = 0, 1.0

    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        self.t += 1
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (self.t * self.momentum_decay))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((self.t + 1) * self.momentum_decay))
        self.mu_product *= mu
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad.add(p, alpha=group["weight_decay"])
                if p not in self.state:
                    self.state[p] = (torch.zeros_like(p), torch.zeros_like(p))
                exp_avg, exp_avg_sq = self.state[p]
                exp_avg.lerp_(grad, 1 - beta1)
                exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                denom = exp_avg_sq.div(1 - beta2**self.t).sqrt().add_(self.eps)
                lr = group["lr"]
                p.addcdiv_(grad, denom, value=-lr * (1.0 - mu) / (1.0 - self.mu_product))
                p.addcdiv_(exp_avg, denom, value=-lr * mu_next / (1.0 - self.mu_product * mu_next))


class Lamb:
    """timm's Lamb (timm/optim/lamb.py), written out, without its own clipping to a global norm."""

    def __init__(self, groups, lr, betas=(0.9, 0.999), eps=1e-6, always_adapt=False, trust_clip=False):
        self.param_groups = [{"lr": lr, "weight_decay": 0.0, **group} for group in groups]
        self.betas, self.eps = betas, eps
        self.always_adapt, self.trust_clip = always_adapt, trust_clip
        self.state = {}
        self.t = 0

    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        self.t += 1
        for group in self.param_groups:
            for p in group["params"]:
                if p not in self.state:
                    self.state[p] = (torch.zeros_like(p), torch.zeros_like(p))
                exp_avg, exp_avg_sq = self.state[p]
                exp_avg.mul_(beta1).add_(p.grad, alpha=1 - beta1)
                exp_avg_sq.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                denom = (exp_avg_sq.sqrt() / math.sqrt(1 - beta2**self.t)).add_(self.eps)
                update = (exp_avg / (1 - beta1**self.t)).div_(denom)
                if group["weight_decay"] != 0:
                    update.add_(p, alpha=group["weight_decay"])
                if group["weight_decay"] != 0 or self.always_adapt:
                    w_norm, g_norm = p.norm(2.0), update.norm(2.0)
                    one = torch.ones_like(w_norm)
                    ratio = torch.where(w_norm > 0, torch.where(g_norm > 0, w_norm / g_norm, one), one)
                    update.mul_(ratio.clamp(max=1.0) if self.trust_clip else ratio)
                p.add_(update, alpha=-group["lr"])


class Adafactor:
    """torch.optim.Adafactor of torch 2.5 (_single_tensor_adafactor), written out: torch 1.13 has none."""

    def __init__(self, groups, lr, beta2_decay=-0.8, eps=(2.0**-23, 1e-3), d=1.0):
        self.param_groups = [{"lr": lr, "weight_decay": 0.0, **group} for group in groups]
        self.beta2_decay, self.eps, self.d = beta2_decay, eps, d
        self.state = {}
        self.t = 0

    @torch.no_grad()
    def step(self):
        eps1, eps2 = self.eps
        self.t += 1
        for group in self.param_groups:
            lr = group["lr"]
            for p in group["params"]:
                grad = p.grad
                share = self.t**self.beta2_decay
                rho = min(lr, 1 / self.t**0.5)
                alpha = max(eps2, p.norm(2).item() / p.numel() ** 0.5) * rho
                if group["weight_decay"] != 0:
                    p.mul_(1 - lr * group["weight_decay"])
                if grad.dim() > 1:
                    if p not in self.state:
                        self.state[p] = (grad.new_zeros(grad.size(0), 1), grad.new_zeros(1, grad.size(1)))
                    row_var, col_var = self.state[p]
                    row_var.lerp_(grad.square().mean(dim=-1, keepdim=True), share)
                    col_var.lerp_(grad.square().mean(dim=-2, keepdim=True), share)
                    estimate = row_var @ col_var
                    estimate.div_(row_var.mean(dim=-2, keepdim=True).clamp_(min=eps1))
                else:
                    (variance,) = self.state.setdefault(p, (torch.zeros_like(p),))
                    variance.lerp_(grad.square(), share)
                    estimate = variance.clone()
                update = estimate.clamp_(min=eps1 * eps1).rsqrt_().mul_(grad)
                denom = max(1.0, update.norm(2).item() / (update.numel() ** 0.5 * self.d))
                p.add_(update, alpha=-alpha / denom)


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
    "nadam": dict(make=NAdam, lr=0.1),
    "nadam l2": dict(make=NAdam, lr=0.1, wd=0.05, betas=(0.8, 0.95), momentum_decay=0.5),
    "lamb": dict(make=Lamb, lr=0.05, wd=0.1),
    "lamb always": dict(make=Lamb, lr=0.05, always_adapt=True, trust_clip=True, betas=(0.8, 0.95)),
    "adafactor": dict(make=Adafactor, lr=0.4),
    "adafactor decoupled": dict(make=Adafactor, lr=0.2, wd=0.2, beta2_decay=-0.5, d=0.5),
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
