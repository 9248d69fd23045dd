"""Golden frames of the perturbations that warp an image, as ImageNet-P's code makes them with torchvision
on PIL images. Writes torchvision.json beside itself.

Made with torchvision 0.14.1, Pillow 9.4.0, numpy 1.24.2: /usr/bin/python3 test/goldens/perturbations/make.py

Images are those of ../augment/make.py.
"""

import base64
import json
import pathlib
import sys

import numpy as np
import torch
import torchvision.transforms.functional as F
from torchvision.transforms import InterpolationMode

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from augment.make import draw  # noqa: E402


def affine(image, interpolation=InterpolationMode.BILINEAR, **changed):
    settings = dict(angle=0, translate=[0, 0], scale=1, shear=[0, 0], interpolation=interpolation)
    return F.affine(image, **{**settings, **changed})


def zoom_blur(image, frame):
    """Sums of bytes, where the published code adds floats."""
    total = np.asarray(image).astype(np.int64)
    for i in range(1, frame + 1):
        total = total + np.asarray(affine(image, scale=1 + 0.004 * i))
    return (total // (frame + 1)).astype(np.uint8)


PERTURBATIONS = {
    "translate": lambda image, i: affine(image, InterpolationMode.NEAREST, translate=[i - 7, 0]),
    "rotate": lambda image, i: affine(image, angle=i - 15),
    "scale": lambda image, i: affine(image, scale=(i * 2 + 70) / 100),
    "zoomBlur": zoom_blur,
}
CASES = [("translate", (0, 7, 12)), ("rotate", (0, 14, 15, 29)), ("scale", (0, 13, 15, 30)), ("zoomBlur", (0, 1, 30))]


def main():
    torch.set_num_threads(1)
    rows = [
        json.dumps(
            dict(
                name=name,
                frame=frame,
                image=image,
                size=size,
                pixels=base64.b64encode(np.asarray(PERTURBATIONS[name](draw(image, *size), frame)).tobytes()).decode(),
            )
        )
        for image, size in (("ramp", [32, 32]), ("noise", [17, 13]))
        for name, frames in CASES
        for frame in frames
    ]
    pathlib.Path(__file__).with_name("torchvision.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
