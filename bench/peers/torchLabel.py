"""Labelling with a network in PyTorch: torchLabel.py with the arguments of torchModes.py.

A unit of work is a batch of 8-bit images to probabilities, as Gradus's labeller does. HOW is eager, frozen
(torch.jit.trace and freeze) or optimised (torch.jit.optimize_for_inference after that).
"""

import torch

from torchModels import create
from torchModes import batch, cast, how, layout, name, size, take_turns

model = create(name).to(memory_format=layout).eval()
pixels = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
pixels = pixels.contiguous(memory_format=layout)
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def images() -> torch.Tensor:
    return (pixels / 255 - mean) / std


if how != "eager":
    # A trace must not keep casts of weights that a cache would hand out once only.
    torch.set_autocast_cache_enabled(False)
    with torch.no_grad(), cast():
        model = torch.jit.freeze(torch.jit.trace(model, images(), check_trace=False))
    if how == "optimised":
        model = torch.jit.optimize_for_inference(model)


def label() -> None:
    with torch.no_grad(), cast():
        model(images()).float().softmax(1).sum().item()


take_turns(label)
