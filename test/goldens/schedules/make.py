"""Writes schedules.json: the learning rate of every step of a short run by torch.optim.lr_scheduler.

Run: /usr/bin/python3 test/goldens/schedules/make.py   (torch 1.13.1)
"""
import json
import pathlib

import torch
from torch.optim import lr_scheduler

STEPS, RATE = 40, 0.4

# At the last step of PolynomialLR torch divides what it multiplied; the closed form has no such rounding.
CASES = {
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, total_iters=STEPS, power=1.0),
    "polynomial cubed": lambda o: lr_scheduler.PolynomialLR(o, total_iters=STEPS, power=3.0),
    "oneCycle": lambda o: lr_scheduler.OneCycleLR(o, RATE, total_steps=STEPS, cycle_momentum=False),
    "oneCycle linear": lambda o: lr_scheduler.OneCycleLR(
        o, RATE, total_steps=STEPS, cycle_momentum=False,
        pct_start=0.21, div_factor=10, final_div_factor=100, anneal_strategy="linear",
    ),
    "cosineRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=10, eta_min=0.04),
    "cosineRestarts doubled": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2),
}


def rates(make):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = make(optimizer)
    found = []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(found) < STEPS:
            scheduler.step()
    return found


golden = {
    "torch": torch.__version__.split("+")[0],
    "steps": STEPS,
    "rate": RATE,
    "cases": {name: rates(make) for name, make in CASES.items()},
}
path = pathlib.Path(__file__).with_name("schedules.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
