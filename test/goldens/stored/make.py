"""Image files and what Pillow's `Image.open(file).convert('RGB')` makes of them, which is what
torchvision's data sets train on. Writes files.json beside itself: files and pixels [height,width,3]
as base64.

Made with Pillow 9.4.0, numpy 1.24.2: /usr/bin/python3 test/goldens/stored/make.py
"""

import base64
import io
import json
import pathlib

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 12, 8


def pixels(channels):
    levels = np.random.default_rng(1).integers(0, 256, (2, 3, channels))
    return np.kron(levels, np.ones((4, 4, 1))).astype(np.uint8)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(Image.fromarray(pixels(3)), "JPEG", quality=95, subsampling=0, exif=exif)


def files():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    rgb = Image.fromarray(pixels(3))
    deep = (np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) * 5).astype(np.uint16)
    yield "a JPEG that EXIF turns", turned(6)
    yield "RGBA", saved(Image.fromarray(pixels(4), "RGBA"), "PNG")
    yield "grey with alpha", saved(Image.fromarray(pixels(2), "LA"), "PNG")
    yield "a palette with a transparent colour", saved(rgb.convert("P"), "PNG", transparency=3)
    yield "a profile", saved(rgb, "PNG", icc_profile=profile)
    yield "CMYK", saved(Image.fromarray(pixels(4), "CMYK"), "JPEG", quality=95)
    yield "CMYK as TIFF", saved(Image.fromarray(pixels(4), "CMYK"), "TIFF")
    yield "grey of 16 bits", saved(Image.fromarray(deep), "PNG")
    yield "grey of 8 bits", saved(rgb.convert("L"), "PNG")


def text(data):
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    made = []
    for name, file in files():
        image = Image.open(io.BytesIO(file))
        rgb = np.asarray(image.convert("RGB"))
        made.append(dict(name=name, size=image.size, file=text(file), pixels=text(rgb.tobytes())))
    path = pathlib.Path(__file__).with_name("files.json")
    path.write_text(json.dumps(made) + "\n")
    print(f"{path.stat().st_size} bytes")
