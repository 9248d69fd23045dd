"""Writes mixing.json: batches mixed by timm's Mixup (timm/data/mixup.py), written out in NumPy, of given draws.

Run: /usr/bin/python3 test/goldens/mixing/make.py   (numpy)

Images are [N,H,W,C] bytes (13 i + 7 y + 5 x + 3 c + (i y x) mod 11) mod 256, row i has the class i mod 3, weights
are 1 + i mod 2 in half steps. Mixed bytes are rounded as FastCollateMixup does (np.rint); weights, which timm does
not have, are mixed as targets are. `place` is the middle of the box, which timm draws as cx and cy.
"""
import json
import pathlib

import numpy as np

COUNT, HEIGHT, WIDTH, CHANNELS, CLASSES = 5, 6, 8, 3, 3


def batch():
    i, y, x, c = np.indices((COUNT, HEIGHT, WIDTH, CHANNELS))
    image = ((13 * i + 7 * y + 5 * x + 3 * c + (i * y * x) % 11) * 3 % 256).astype(np.float64)
    target = np.eye(CLASSES)[np.arange(COUNT) % CLASSES]
    return image, target, 1.0 + (np.arange(COUNT) % 2) / 2


def rand_bbox(img_shape, lam, cx, cy):
    ratio = np.sqrt(1 - lam)
    img_h, img_w = img_shape
    cut_h, cut_w = int(img_h * ratio), int(img_w * ratio)
    yl = np.clip(cy - cut_h // 2, 0, img_h)
    yh = np.clip(cy + cut_h // 2, 0, img_h)
    xl = np.clip(cx - cut_w // 2, 0, img_w)
    xh = np.clip(cx + cut_w // 2, 0, img_w)
    return int(yl), int(yh), int(xl), int(xh)


def mix_elem(draws):
    """Mixup._mix_elem; _mix_batch is the same where all draws are equal."""
    image, target, weight = batch()
    original = image.copy()
    lams, boxes = [], []
    for i, (lam, place) in enumerate(draws):
        j = COUNT - i - 1
        box = None
        if lam != 1.0 and place is not None:
            box = rand_bbox((HEIGHT, WIDTH), lam, *place)
            yl, yh, xl, xh = box
            image[i, yl:yh, xl:xh] = original[j, yl:yh, xl:xh]
            lam = 1.0 - (yh - yl) * (xh - xl) / float(HEIGHT * WIDTH)
        elif lam != 1.0:
            image[i] = np.rint(image[i] * lam + original[j] * (1 - lam))
        lams.append(lam)
        boxes.append(box)
    lam = np.array(lams)
    mixed = target * lam[:, None] + target[::-1] * (1 - lam[:, None])
    return {
        "draws": [{"lam": lam, "place": place} for lam, place in draws],
        "boxes": boxes,
        "lam": lams,
        "image": image.astype(int).flatten().tolist(),
        "target": mixed.flatten().tolist(),
        "weight": (weight * lam + weight[::-1] * (1 - lam)).tolist(),
    }


CASES = {
    "mixup of a batch": [(0.3, None)] * COUNT,
    "cutmix of a batch": [(0.6, (5, 2))] * COUNT,
    "each by itself": [(0.25, None), (1.0, None), (0.5, (1, 1)), (0.1, (7, 5)), (0.9, None)],
}

golden = {
    "shape": [CHANNELS, HEIGHT, WIDTH],
    "count": COUNT,
    "cases": {name: mix_elem(draws) for name, draws in CASES.items()},
}
path = pathlib.Path(__file__).with_name("mixing.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
