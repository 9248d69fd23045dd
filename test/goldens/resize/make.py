"""Golden images of resizing by Pillow, and of torchvision's evaluation transforms on Pillow images.
Writes images.json beside itself: small results as base64 of the bytes [height,width,3], those of
whole transforms as SHA-256.

Made with torchvision 0.14.1, Pillow 9.4.0, numpy 1.24.2: /usr/bin/python3 test/goldens/resize/make.py

The inputs are drawn by src/support/random.ts and its twin (see `draw`), so only results are stored.
"""

import base64
import hashlib
import json
import pathlib
import sys

import numpy as np
import torchvision.models as models
import torchvision.transforms.functional as F
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from philox import fill_bits, fnv1a32  # noqa: E402

FILTERS = {
    "nearest": Image.NEAREST,
    "box": Image.BOX,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "lanczos": Image.LANCZOS,
}


def draw(width, height):
    """Patches of 4 px of any level, with noise: edges make filters overshoot."""
    words = fill_bits(3 * width * height, 1, fnv1a32("goldens.resize")).astype(np.int64)
    words = words.reshape(height, width, 3)
    y, x = np.mgrid[:height, :width][..., None]
    pixels = 220 * ((x // 4 + y // 4) % 2) + words % 36
    return Image.fromarray(pixels.astype(np.uint8))


def text(image):
    return base64.b64encode(np.asarray(image).tobytes()).decode()


def sha256(image):
    return hashlib.sha256(np.asarray(image).tobytes()).hexdigest()


def resizes():
    """Shrunk, enlarged, one of each, and one side kept."""
    image = draw(37, 53)
    for name, filter in FILTERS.items():
        for size in ((20, 20), (45, 61), (52, 12), (37, 30), (2, 3)):
            yield dict(interpolation=name, size=size, pixels=text(image.resize(size, filter)))


def crops():
    """As torchvision's RandomResizedCrop: cut out, then resized; nothing beside the crop counts."""
    image = draw(61, 47)
    for name in ("bilinear", "bicubic"):
        for box in ((5, 7, 30, 20), (0, 0, 61, 40), (50, 40, 11, 7)):
            left, top, width, height = box
            cut = image.crop((left, top, left + width, top + height))
            yield dict(interpolation=name, box=box, pixels=text(cut.resize((16, 16), FILTERS[name])))


def presets():
    sizes = ((500, 375), (375, 500), (501, 333), (333, 501), (640, 257), (97, 131))
    for name, version in (
        ("ResNet50", "IMAGENET1K_V1"),
        ("ResNet50", "IMAGENET1K_V2"),
        ("EfficientNet_B0", "IMAGENET1K_V1"),
        ("EfficientNet_B1", "IMAGENET1K_V1"),
        ("EfficientNet_B1", "IMAGENET1K_V2"),
        ("EfficientNet_B2", "IMAGENET1K_V1"),
        ("EfficientNet_B3", "IMAGENET1K_V1"),
    ):
        preset = getattr(models, f"{name}_Weights")[version].transforms()
        for width, height in sizes:
            resized = F.resize(draw(width, height), preset.resize_size, preset.interpolation)
            yield dict(
                name=f"{name} {version}",
                size=(width, height),
                interpolation=preset.interpolation.value,
                resize=preset.resize_size[0],
                crop=preset.crop_size[0],
                sha256=sha256(F.center_crop(resized, preset.crop_size)),
            )


def published():
    """What torchvision resizes to and crops for each of its networks that Gradus ships."""
    names = [f"EfficientNet_B{i}" for i in range(8)] + [f"ResNet{i}" for i in (18, 34, 50, 101, 152)]
    for name in names:
        preset = getattr(models, f"{name}_Weights").IMAGENET1K_V1.transforms()
        resize, crop = preset.resize_size[0], preset.crop_size[0]
        yield dict(name=name, interpolation=preset.interpolation.value, resize=resize, crop=crop)


if __name__ == "__main__":
    goldens = dict(resizes=[*resizes()], crops=[*crops()], presets=[*presets()], published=[*published()])
    path = pathlib.Path(__file__).with_name("images.json")
    path.write_text(json.dumps(goldens) + "\n")
    print(f"{path.stat().st_size} bytes")
