"""Rectangles that torchvision's RandomErasing paints. Writes boxes.json beside itself.

Made with torchvision 0.14.1, torch 1.13.0: /usr/bin/python3 test/goldens/randomErasing/make.py

Each number that torch would draw comes from the stream of src/support/random.ts instead, in float64: of
`rand` and `uniform_` as it is, of `randint` as its whole part. A box is [top, left, height, width] of what is black in a
white image; null where the image is left as it is.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from torchvision.transforms import RandomErasing

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from philox import fnv1a32, uniform  # noqa: E402

SAMPLES, WIDTH, HEIGHT = 40, 17, 23
CASES = {
    "defaults": {},
    "always, large, of any shape": {"p": 1, "scale": (0.2, 0.9), "ratio": (0.1, 10)},
    "seldom": {"p": 0.1},
}


class Draws:
    def __init__(self, sample):
        self.numbers = iter(uniform(64, 1, fnv1a32("goldens.randomErasing"), 0, sample))

    def rand(self, *_):
        return torch.tensor([next(self.numbers)])

    def uniform_(self, tensor, low, high):
        return tensor.fill_(low + (high - low) * next(self.numbers))

    def randint(self, low, high, size):
        return torch.tensor([low + int(next(self.numbers) * (high - low))])


def box(erase, sample):
    draws = Draws(sample)
    torch.rand, torch.randint = draws.rand, draws.randint
    torch.Tensor.uniform_ = lambda tensor, low, high: draws.uniform_(tensor, low, high)
    rows, columns = np.nonzero(erase(torch.ones(3, HEIGHT, WIDTH)).numpy()[0] == 0)
    if len(rows) == 0:
        return None
    top, left = int(rows.min()), int(columns.min())
    height, width = int(rows.max()) - top + 1, int(columns.max()) - left + 1
    assert len(rows) == height * width
    return [top, left, height, width]


torch.set_default_dtype(torch.float64)
boxes = {
    name: [box(RandomErasing(**case), sample) for sample in range(SAMPLES)]
    for name, case in CASES.items()
}
text = json.dumps({"width": WIDTH, "height": HEIGHT, "boxes": boxes})
pathlib.Path(__file__).with_name("boxes.json").write_text(text + "\n")
