"""Golden frames of the perturbations that ImageNet-P's code makes with OpenCV: tilt and spatter, whose
lines these are. Writes opencv.json beside itself.

Made with opencv-python-headless 5.0.0, numpy 2.4.6 of pip in a virtual environment (Debian's Python
has no OpenCV): python test/goldens/perturbations/opencv.py

Images are those of ../augment/make.py; the noise of spatter is drawn by src/support/random.ts and its twin.
"""

import base64
import json
import pathlib
import sys

import cv2
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from philox import fill_bits, fnv1a32  # noqa: E402

SEED, SAMPLE = 3, 7


def draw_ramp(width, height):
    """As ../augment/make.py, which needs torch."""
    words = fill_bits(3 * width * height, 1, fnv1a32("goldens.augment.ramp")).astype(np.int64)
    y, x = np.mgrid[:height, :width][..., None]
    return ((3 * x + 2 * y + words.reshape(height, width, 3) % 90) % 256).astype(np.uint8)


def normal(shape, loc, scale):
    """Box and Muller's method on pairs of words, as src/data/augment/corruptions/normal.ts."""
    count = int(np.prod(shape))
    words = fill_bits(count + count % 2, SEED, fnv1a32("perturbation.spatter"), 0, SAMPLE).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log((words[:, 0] + 0.5) / 2**32))
    angle = 2 * np.pi * words[:, 1] / 2**32
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1).reshape(-1)[:count]
    return (loc + scale * both).reshape(shape)


def gaussian(x, sigma, truncate=4):
    """skimage's, whose border repeats."""
    radius = int(truncate * sigma + 0.5)
    kernel = np.exp(-0.5 * np.arange(-radius, radius + 1) ** 2 / sigma**2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(x, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], "edge")
        x = np.apply_along_axis(lambda line: np.convolve(line, kernel, "valid"), axis, padded)
    return x


def tilt(x, frames):
    h, w = x.shape[0:2]
    for i in frames:
        phi, theta = np.deg2rad(0.75 * (i - 15)), np.deg2rad(0.75 * (i - 15))
        f = np.sqrt(w**2 + h**2)
        P1 = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1], [0, 0, 1]])
        RX = np.array(
            [[1, 0, 0, 0], [0, np.cos(theta), -np.sin(theta), 0], [0, np.sin(theta), np.cos(theta), 0], [0, 0, 0, 1]]
        )
        RY = np.array([[np.cos(phi), 0, -np.sin(phi), 0], [0, 1, 0, 0], [np.sin(phi), 0, np.cos(phi), 0], [0, 0, 0, 1]])
        T = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, f], [0, 0, 0, 1]])
        P2 = np.array([[f, 0, w / 2, 0], [0, f, h / 2, 0], [0, 0, 1, 0]])
        yield i, cv2.warpPerspective(x, P2 @ T @ RX @ RY @ P1, (w, h))


def spatter(image, frames):
    x = cv2.cvtColor(np.array(image, dtype=np.float32) / 255.0, cv2.COLOR_BGR2BGRA)
    liquid_layer = normal(x.shape[:2], loc=0.6, scale=0.265)
    liquid_layer = gaussian(liquid_layer, 1.75)
    liquid_layer[liquid_layer < 0.7] = 0
    for i in range(max(frames) + 1):
        liquid_layer_i = (liquid_layer * 255).astype(np.uint8)
        dist = 255 - cv2.Canny(liquid_layer_i, 50, 150)
        dist = cv2.distanceTransform(dist, cv2.DIST_L2, 5)
        _, dist = cv2.threshold(dist, 20, 20, cv2.THRESH_TRUNC)
        dist = cv2.blur(dist, (3, 3)).astype(np.uint8)
        dist = cv2.equalizeHist(dist)
        ker = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
        dist = cv2.filter2D(dist, cv2.CV_8U, ker)
        dist = cv2.blur(dist, (3, 3)).astype(np.float32)
        m = cv2.cvtColor(liquid_layer_i * dist, cv2.COLOR_GRAY2BGRA)
        m /= np.max(m, axis=(0, 1))
        m *= 0.6
        ones = np.ones_like(m[..., :1])
        color = np.concatenate((175 / 255.0 * ones, 238 / 255.0 * ones, 238 / 255.0 * ones), axis=2)
        color = cv2.cvtColor(color, cv2.COLOR_BGR2BGRA)
        z = np.uint8(cv2.cvtColor(np.clip(x + m * color, 0, 1), cv2.COLOR_BGRA2BGR) * 255)
        if i in frames:
            yield i, z
        liquid_layer = np.apply_along_axis(
            lambda mat: np.convolve(mat, np.array([0.2, 0.8]), mode="same"), axis=0, arr=liquid_layer
        )


def main():
    image = draw_ramp(32, 32)
    made = [("tilt", tilt(image, (0, 14, 15, 30))), ("spatter", spatter(image, (0, 1, 5)))]
    rows = [
        json.dumps(
            dict(name=name, frame=i, image="ramp", size=[32, 32], pixels=base64.b64encode(pixels.tobytes()).decode())
        )
        for name, frames in made
        for i, pixels in frames
    ]
    pathlib.Path(__file__).with_name("opencv.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
