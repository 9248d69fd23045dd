"""What a test draws too: weights, batch statistics, images, labels, masks and signs, by philox.py.

Every stream is (seed, step, site = fnv1a32(name), sample). Weights, statistics and images are rounded
to float32, so that float64 here and float32 there start from the same numbers.
"""
import math
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import philox

SEED, STEP = 20260718, 3
#: Random projections of a tensor: one bit of a word each.
SIGNS = 8


def uniform(name, count, step=0, sample=0):
    return philox.uniform(count, SEED, philox.fnv1a32(name), step, sample)


def tensor(values, shape):
    """Rounded to float32, held in float64."""
    return torch.from_numpy(values.astype(np.float32).astype(np.float64)).reshape(tuple(shape))


def initial(name, shape, gain):
    """Kernels and matrices of variance gain / fan in, scales and variances around 1, small means and biases."""
    u = uniform(name, math.prod(shape))
    if len(shape) > 1:
        return tensor((2 * u - 1) * math.sqrt(3 * gain / math.prod(shape[1:])), shape)
    if name.endswith("running_var"):
        return tensor(0.5 + u, shape)
    if name.endswith("weight"):
        return tensor(0.75 + 0.5 * u, shape)
    return tensor(0.2 * (2 * u - 1), shape)


def images(batch, shape, first=0):
    """Patches of 16 by 16 pixels within 1.5, and noise within 1 on each pixel; images first, first + 1, ..."""
    channels, height, width = shape
    grid = (channels, -(-height // 16), -(-width // 16))
    rows = []
    for sample in range(first, first + batch):
        patch = uniform("patch", math.prod(grid), 0, sample).reshape(grid)
        patch = patch.repeat(16, axis=1).repeat(16, axis=2)[:, :height, :width]
        pixel = uniform("pixel", math.prod(shape), 0, sample).reshape(shape)
        rows.append(3 * patch + 2 * pixel - 2.5)
    return tensor(np.stack(rows), (batch, *shape))


def labels(batch, classes, first=0):
    draws = [uniform("label", 1, 0, first + i)[0] for i in range(batch)]
    return torch.tensor([int(u * classes) for u in draws])


def mask(site, shape, keep, first=0):
    """A mask [N,...] of src/runtime/engine/noise.ts: an element is 1 where its word lies below keep * 2^32."""
    rows = [uniform(site, math.prod(shape[1:]), STEP, first + i) < keep for i in range(shape[0])]
    return torch.from_numpy(np.stack(rows).astype(np.float64)).reshape(tuple(shape))


def projections(name, t):
    """Sums of a tensor's elements, each with a random sign: bit k of its word for sum k."""
    flat = t.detach().double().flatten().numpy()
    words = philox.fill_bits(flat.size, SEED, philox.fnv1a32(f"signs.{name}"))
    bits = [(words >> np.uint64(k)) & np.uint64(1) for k in range(SIGNS)]
    return [float(np.sum(np.where(bit == 1, flat, -flat))) for bit in bits]
