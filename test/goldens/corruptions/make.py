"""Golden images of corruptions that draw no random number, and a blur and a zoom, by numpy in float64
and Pillow, from the formulas of ImageNet-C's code. Writes images.json beside itself.

Made with Pillow 9.4.0, numpy 1.24.2: /usr/bin/python3 test/goldens/corruptions/make.py

Images are those of ../augment/make.py.
"""

import base64
import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from augment.make import draw  # noqa: E402


def to_hsv(rgb):
    value = rgb.max(-1)
    delta = value - rgb.min(-1)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    with np.errstate(all="ignore"):
        hue = np.select(
            [delta == 0, value == red, value == green],
            [0 * value, (green - blue) / delta % 6, (blue - red) / delta + 2],
            (red - green) / delta + 4,
        ) / 6
        saturation = np.where(value == 0, 0, delta / value)
    return hue, saturation, value


def to_rgb(hue, saturation, value):
    sector = np.floor(hue * 6).astype(int)
    f = hue * 6 - sector
    p, q, t = value * (1 - saturation), value * (1 - f * saturation), value * (1 - (1 - f) * saturation)
    choices = [(value, t, p), (q, value, p), (p, value, t), (p, q, value), (t, p, value), (value, p, q)]
    return np.stack([np.choose(sector % 6, [choice[c] for choice in choices]) for c in range(3)], -1)


def brightness(image, amount):
    hue, saturation, value = to_hsv(levels(image))
    return to_bytes(to_rgb(hue, saturation, np.clip(value + amount, 0, 1)))


def contrast(image, share):
    x = levels(image)
    mean = x.mean((0, 1), keepdims=True)
    return to_bytes((x - mean) * share + mean)


def pixelate(image, scale):
    small = image.resize((int(image.width * scale), int(image.height * scale)), Image.BOX)
    return np.asarray(small.resize(image.size, Image.BOX))


def jpeg(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def convolve_lines(x, kernel, mode, axis):
    radius = len(kernel) // 2
    widths = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
    padded = np.pad(x, widths, mode)
    size = x.shape[axis]
    return sum(w * np.take(padded, range(k, k + size), axis) for k, w in enumerate(kernel))


def gaussian(image, sigma, truncate, mode):
    radius = int(truncate * sigma + 0.5)
    kernel = np.exp(-0.5 * np.arange(-radius, radius + 1) ** 2 / sigma**2)
    x = levels(image)
    for axis in (0, 1):
        x = convolve_lines(x, kernel / kernel.sum(), mode, axis)
    return to_bytes(x)


def zoom(image, factor):
    """The middle, enlarged linearly with the outer centres fixed (scipy.ndimage.zoom, order 1)."""
    x = levels(image)
    for axis in (0, 1):
        size = x.shape[axis]
        kept = int(np.ceil(size / factor))
        start = (size - kept) // 2
        part = np.take(x, range(start, start + kept), axis)
        enlarged = int(round(kept * factor))
        places = np.arange(enlarged) * (kept - 1) / (enlarged - 1)
        low = np.minimum(np.floor(places).astype(int), kept - 2)
        share = np.expand_dims(places - low, [a for a in range(3) if a != axis])
        part = np.take(part, low, axis) * (1 - share) + np.take(part, low + 1, axis) * share
        trim = (enlarged - size) // 2
        x = np.take(part, range(trim, trim + size), axis)
    return to_bytes(x)


def levels(image):
    return np.asarray(image).astype(float) / 255


def to_bytes(x):
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


OPERATIONS = {
    "brightness": brightness, "contrast": contrast, "pixelate": pixelate, "jpeg": jpeg,
    "blurEdge": lambda image, sigma: gaussian(image, sigma, 4, "edge"),
    "blurMirror": lambda image, sigma: gaussian(image, sigma, 3, "symmetric"),
    "zoom": zoom,
}

SMALL, SQUARE = [17, 13], [32, 32]
CASES = [
    *(("brightness", amount, *image) for image in (("noise", SMALL), ("flat", SMALL)) for amount in (0.1, 0.5, -0.3)),
    *(("contrast", share, "noise", SMALL) for share in (0.75, 0.05)),
    *(("pixelate", scale, "noise", SMALL) for scale in (0.95, 0.6, 0.5, 0.3, 0.25)),
    *(("pixelate", scale, "ramp", SQUARE) for scale in (0.9, 0.65)),
    *(("jpeg", quality, "ramp", SQUARE) for quality in (80, 40, 7)),
    *(("blurEdge", sigma, "noise", SMALL) for sigma in (0.4, 1.5, 6)),
    *(("blurMirror", sigma, "noise", SMALL) for sigma in (0.7, 6)),
    *(("zoom", factor, "noise", SMALL) for factor in (1, 1.01, 1.2, 3)),
    ("zoom", 1.25, "ramp", SQUARE),
]


def main():
    rows = [
        json.dumps(
            dict(
                operation=name,
                argument=argument,
                image=image,
                size=size,
                pixels=base64.b64encode(OPERATIONS[name](draw(image, *size), argument).tobytes()).decode(),
            )
        )
        for name, argument, image, size in CASES
    ]
    pathlib.Path(__file__).with_name("images.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
