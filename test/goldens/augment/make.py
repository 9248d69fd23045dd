"""Golden images of the augmentations by torchvision's functional operations on PIL images, nearest
sampling and fill 128; PIL or numpy where torchvision has no such operation. Writes images.json beside itself.

Made with torchvision 0.14.1, Pillow 9.4.0, numpy 1.24.2: /usr/bin/python3 test/goldens/augment/make.py

The inputs are drawn by src/support/random.ts and its twin (see `draw`), so only results are stored, as
base64 of the bytes [height,width,3].
"""

import base64
import json
import math
import pathlib
import sys

import numpy as np
import torch
import torchvision.transforms as transforms
import torchvision.transforms.functional as F
from PIL import Image
from torchvision.transforms import InterpolationMode

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from philox import fill_bits, fnv1a32, uniform  # noqa: E402

NEAREST = InterpolationMode.NEAREST
GREY = [128, 128, 128]


def draw(name, width, height):
    """`noise`: levels 40..219. `ramp`: a slope with noise. `flat`: red one level, green two, blue few."""
    words = fill_bits(3 * width * height, 1, fnv1a32(f"goldens.augment.{name}")).astype(np.int64)
    words = words.reshape(height, width, 3)
    y, x = np.mgrid[:height, :width][..., None]
    if name == "noise":
        pixels = 40 + words % 180
    elif name == "ramp":
        pixels = (3 * x + 2 * y + words % 90) % 256
    else:
        pixels = np.stack([np.full((height, width), 77), 60 + 9 * (words[..., 1] % 2), 5 * (words[..., 2] % 7)], -1)
    return Image.fromarray(pixels.astype(np.uint8))


def affine(image, **changed):
    settings = dict(angle=0, translate=[0, 0], scale=1, shear=[0, 0], interpolation=NEAREST, fill=GREY)
    return F.affine(image, **{**settings, **changed})


def shear(x, y):
    """As torchvision's RandAugment: about the upper left corner, in degrees."""
    degrees = [math.degrees(math.atan(x)), math.degrees(math.atan(y))]
    return lambda image: affine(image, shear=degrees, center=[0, 0])


def moved(x, y):
    """Fractions of pixels, which torchvision cuts off, by PIL."""
    matrix = (1, 0, x, 0, 1, y)
    return lambda image: image.transform(image.size, Image.AFFINE, matrix, Image.NEAREST, fillcolor=(128,) * 3)


def solarize_add(addition):
    """By the published code's formula: torchvision has no such operation."""
    def apply(image):
        pixels = np.asarray(image).astype(np.int64)
        return Image.fromarray(np.where(pixels < 128, np.clip(pixels + addition, 0, 255), pixels).astype(np.uint8))
    return apply


def cutout(half, x, y):
    def apply(image):
        tensor = F.pil_to_tensor(image)
        top, left = max(0, y - half), max(0, x - half)
        height, width = min(image.height, y + half) - top, min(image.width, x + half) - left
        return F.to_pil_image(F.erase(tensor, top, left, height, width, torch.tensor(128)))
    return apply


def reflect_crop(pad, x, y):
    """The crop at (x, y), counted in the image itself, after a padding of `pad`."""
    return lambda image: F.crop(F.pad(image, pad, padding_mode="reflect"), y + pad, x + pad, image.height, image.width)


OPERATIONS = {
    "autoContrast": lambda: F.autocontrast,
    "equalize": lambda: F.equalize,
    "invert": lambda: F.invert,
    "rotate": lambda degrees: lambda image: F.rotate(image, degrees, NEAREST, fill=GREY),
    "shearX": lambda amount: shear(amount, 0),
    "shearY": lambda amount: shear(0, amount),
    "translateX": lambda pixels: moved(pixels, 0) if pixels % 1 else lambda image: affine(image, translate=[-pixels, 0]),
    "translateY": lambda pixels: moved(0, pixels) if pixels % 1 else lambda image: affine(image, translate=[0, -pixels]),
    "posterize": lambda bits: lambda image: F.posterize(image, bits),
    "solarize": lambda threshold: lambda image: F.solarize(image, threshold),
    "solarizeAdd": solarize_add,
    "color": lambda factor: lambda image: F.adjust_saturation(image, factor),
    "contrast": lambda factor: lambda image: F.adjust_contrast(image, factor),
    "brightness": lambda factor: lambda image: F.adjust_brightness(image, factor),
    "sharpness": lambda factor: lambda image: F.adjust_sharpness(image, factor),
    "cutout": cutout,
    "flip": lambda: F.hflip,
    "reflectCrop": reflect_crop,
}

SMALL = [17, 13]
SQUARE = [32, 32]
CASES = [
    *(("autoContrast", [], *image) for image in (("noise", SMALL), ("ramp", SQUARE), ("flat", SMALL))),
    *(("equalize", [], *image) for image in (("noise", [37, 29]), ("ramp", SQUARE), ("flat", [37, 29]), ("noise", SMALL))),
    ("invert", [], "noise", SMALL),
    *(("rotate", [degrees], "noise", SMALL) for degrees in (30, -30, 81, 3, 180)),
    *(("rotate", [degrees], "ramp", SQUARE) for degrees in (-27, 90, 45)),
    *((name, [amount], "noise", SMALL) for name in ("shearX", "shearY") for amount in (0.3, -0.3, 0.81, 0.03)),
    *((name, [0.27], "ramp", SQUARE) for name in ("shearX", "shearY")),
    *((name, [pixels], "noise", SMALL) for name in ("translateX", "translateY") for pixels in (4, -4, 2.4, -3.6, 99)),
    *(("posterize", [bits], "noise", SMALL) for bits in (0, 1, 4, 8)),
    *(("solarize", [threshold], "noise", SMALL) for threshold in (0, 128, 256)),
    *(("solarizeAdd", [addition], "noise", SMALL) for addition in (0, 55, 110, 297)),
    *((name, [factor], "noise", SMALL) for name in ("color", "contrast", "brightness", "sharpness")
      for factor in (0.1, 0.64, 1, 1.9, 4.96)),
    *((name, [1.54], "ramp", SQUARE) for name in ("color", "contrast", "brightness", "sharpness")),
    *(("cutout", square, "noise", SMALL) for square in ([4, 8, 6], [4, 0, 12], [8, 16, 0], [0, 5, 5], [40, 5, 5])),
    ("flip", [], "noise", SMALL),
    *(("reflectCrop", crop, "noise", SMALL) for crop in ([4, 0, 0], [4, -4, 3], [4, 4, -4])),
]


class Drawn:
    """Stands in for torch inside torchvision's RandomResizedCrop: the generator's numbers, in its order."""

    tensor, log, exp = staticmethod(torch.tensor), staticmethod(torch.log), staticmethod(torch.exp)

    def __init__(self, seed, sample):
        self.numbers = iter(uniform(40, seed, fnv1a32("goldens.augment.crop"), 0, sample).tolist())

    def empty(self, _):
        return self

    def uniform_(self, low, high):
        return torch.tensor([float(low) + (float(high) - float(low)) * next(self.numbers)], dtype=torch.float64)

    def randint(self, low, high, size):
        return torch.tensor([low + int((high - low) * next(self.numbers))])


def crop(width, height, sample, scale, ratio):
    transforms.transforms.torch = Drawn(5, sample)
    image = torch.zeros(3, height, width)
    try:
        top, left, h, w = transforms.RandomResizedCrop.get_params(image, list(scale), list(ratio))
    finally:
        transforms.transforms.torch = torch
    region = dict(left=left, top=top, width=w, height=h)
    return dict(size=[width, height], sample=sample, area=scale, aspect=ratio, region=region)


def main():
    images = [
        dict(
            operation=name,
            arguments=arguments,
            image=image,
            size=size,
            pixels=base64.b64encode(np.asarray(OPERATIONS[name](*arguments)(draw(image, *size))).tobytes()).decode(),
        )
        for name, arguments, image, size in CASES
    ]
    usual = ([0.08, 1], [3 / 4, 4 / 3])
    crops = [
        *(crop(*size, sample, *usual) for size in ((500, 375), (32, 32), (1200, 90)) for sample in range(6)),
        # Nothing fits: the largest crop in the middle.
        *(crop(*size, 0, [0.9, 1], [3 / 4, 4 / 3]) for size in ((1200, 90), (61, 777))),
    ]
    path = pathlib.Path(__file__).with_name("images.json")
    # A case a line, so that a change of one shows as one.
    lines = lambda rows: ",\n".join(json.dumps(row) for row in rows)
    path.write_text(f'{{"images": [\n{lines(images)}\n], "crops": [\n{lines(crops)}\n]}}\n')


if __name__ == "__main__":
    main()
