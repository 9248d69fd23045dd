"""Golden affine maps and resampled images, by numpy in float64. Writes images.json beside itself.

The draws are the generator's words (../noise/make.py) / 2^32: angle, size, shear, shift x, shift y.
"""

import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from noise.make import fnv1a, words  # noqa: E402


def draw(ranges, seed, step, sample):
    u = words(5, seed, fnv1a("augment.affine"), step, sample).astype(np.float64) / 2**32
    angle, size, shear, tx, ty = (2 * u - 1) * [
        np.radians(ranges["rotate"]), ranges["scale"], ranges["shear"], ranges["shift"], ranges["shift"],
    ]
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[1, shear], [0, 1]]) / (1 + size)
    return matrix, np.array([tx, ty])


def resample(image, matrix, shift):
    channels, height, width = image.shape
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    y, x = np.mgrid[:height, :width]
    points = np.stack([x, y], -1) - centre - shift
    sx, sy = np.moveaxis(points @ matrix.T + centre, -1, 0)
    padded = np.pad(image, ((0, 0), (9, 9), (9, 9)))  # zeros around, enough for these maps
    x0, y0 = np.floor(sx).astype(int), np.floor(sy).astype(int)
    fx, fy = sx - x0, sy - y0
    at = lambda yy, xx: padded[:, np.clip(yy + 9, 0, height + 17), np.clip(xx + 9, 0, width + 17)]
    top = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx
    bottom = at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx
    return top * (1 - fy) + bottom * fy


cases = [
    dict(shape=[1, 7, 6], ranges=dict(shift=2, rotate=20, scale=0.2, shear=0.3), seed=3, step=5, sample=2),
    dict(shape=[3, 4, 5], ranges=dict(shift=0, rotate=180, scale=0, shear=0), seed=2**33, step=0, sample=9),
    dict(shape=[1, 5, 5], ranges=dict(shift=1.5, rotate=0, scale=0, shear=0), seed=1, step=1, sample=1),
]

result = []
for case in cases:
    size = int(np.prod(case["shape"]))
    image = np.round(words(size, 1, 2, 3, 4) / 2**32, 3).reshape(case["shape"])
    matrix, shift = draw(case["ranges"], case["seed"], case["step"], case["sample"])
    out = resample(image, matrix, shift)
    result.append(
        dict(
            case,
            matrix=matrix.reshape(-1).tolist(),
            shift=shift.tolist(),
            image=image.reshape(-1).tolist(),
            out=np.round(out, 8).reshape(-1).tolist(),
        )
    )

path = pathlib.Path(__file__).with_name("images.json")
path.write_text(json.dumps(result) + "\n")
