"""Writes losses.json: each loss of a batch and its gradient by PyTorch in float64.

Run: /usr/bin/python3 test/goldens/losses/make.py   (torch 1.13.1)

No random numbers: logits[i,k] = 3 sin(1 + 3i + 5k), but row 3 is all zeros as of a new classifier; rows have the
class i mod 4, row 4 is shared by two classes, and image weights are 1 + i mod 2. The loss is the weighted mean
of the rows.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

ROWS, CLASSES = 6, 4
torch.set_default_dtype(torch.float64)


def cross_entropy(x, target):
    return F.cross_entropy(x, target, reduction="none")


def focal(gamma, alpha):
    """Kornia's focal_loss (kornia/losses/focal.py), whose target is one-hot, of soft targets as well."""

    def rows(x, target):
        log_p = F.log_softmax(x, dim=1)
        return (-alpha * torch.pow(1.0 - log_p.exp(), gamma) * log_p * target).sum(1)

    return rows


def binary_cross_entropy(sum_classes=False, target_threshold=None):
    """timm's BinaryCrossEntropy (timm/loss/binary_cross_entropy.py) for dense targets, row by row."""

    def rows(x, target):
        if target_threshold is not None:
            target = target.gt(target_threshold).to(dtype=target.dtype)
        loss = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        return loss.sum(-1) if sum_classes else loss.mean(-1)

    return rows


CASES = {
    "crossEntropy": (cross_entropy, 0.0),
    "crossEntropy smoothed": (cross_entropy, 0.1),
    "focal": (focal(2, 1), 0.0),
    "focal smoothed": (focal(1.5, 0.25), 0.1),
    "focal of 0": (focal(0, 1), 0.1),
    "binaryCrossEntropy": (binary_cross_entropy(), 0.0),
    "binaryCrossEntropy smoothed": (binary_cross_entropy(), 0.1),
    "binaryCrossEntropy sum": (binary_cross_entropy(True, 0.2), 0.1),
}


def run(rows, smoothing):
    x = torch.tensor([[3 * math.sin(1 + 3 * i + 5 * k) for k in range(CLASSES)] for i in range(ROWS)])
    x[3] = 0
    x.requires_grad_()
    target = F.one_hot(torch.arange(ROWS) % CLASSES, CLASSES).to(x.dtype)
    target[4] = torch.tensor([0.7, 0.3, 0.0, 0.0])
    target = (1 - smoothing) * target + smoothing / CLASSES
    weights = torch.tensor([1.0 + i % 2 for i in range(ROWS)])
    each = rows(x, target)
    ((each * weights).sum() / weights.sum()).backward()
    return {"smoothing": smoothing, "rows": each.tolist(), "gradient": x.grad.flatten().tolist()}


golden = {
    "torch": torch.__version__.split("+")[0],
    "cases": {name: run(*case) for name, case in CASES.items()},
}
path = pathlib.Path(__file__).with_name("losses.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
