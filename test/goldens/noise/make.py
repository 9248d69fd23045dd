"""Golden noise masks from a Philox4x32-10 of its own; numpy only. Writes masks.json beside itself.

Counter [i, sample, step, site], key [seed mod 2^32, seed div 2^32]; word 4 i + j of a row is word j
of philox(counter). A mask element is 1 where its word < probability * 2^32.
Made with Python 3 and any numpy with uint64 arithmetic; there is no other source of randomness.
"""

import json
import pathlib

import numpy as np

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = 0x9E3779B9, 0xBB67AE85
LOW = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Words [..., 4] for counters [..., 4]."""
    c = [np.asarray(counter[..., i], np.uint64) for i in range(4)]
    k0, k1 = key
    for _ in range(10):
        p0, p1 = M0 * c[0], M1 * c[2]
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0),
            p1 & LOW,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1),
            p0 & LOW,
        ]
        k0, k1 = (k0 + W0) & 0xFFFFFFFF, (k1 + W1) & 0xFFFFFFFF
    return np.stack(c, -1)


def fnv1a(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def words(count, seed, site, step, sample):
    blocks = (count + 3) // 4
    counter = np.zeros((blocks, 4), np.uint64)
    counter[:, 0] = np.arange(blocks)
    counter[:, 1:] = [sample, step, site]
    return philox(counter, (seed & 0xFFFFFFFF, seed >> 32)).reshape(-1)[:count]


def mask(case):
    per_row = 1 if case["kind"] == "stochasticDepth" else int(np.prod(case["shape"][1:]))
    rows = [
        words(per_row, case["seed"], fnv1a(case["siteName"]), case["step"], case["first"] + row)
        for row in range(case["shape"][0])
    ]
    ones = np.stack(rows) < np.uint64(int(case["probability"] * 2**32))
    return "".join("1" if one else "0" for one in ones.reshape(-1))


def main():
    known = [  # Random123's kat_vectors, philox4x32 10
        ([0] * 4, [0] * 2),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2),
        ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]),
    ]

    cases = [
        dict(kind="dropout", siteName="head.dropout", shape=[3, 7], probability=0.8, seed=1, step=0, first=0),
        dict(kind="dropout", siteName="mixer.0.dropout", shape=[2, 2, 3, 3], probability=0.5, seed=2**40 + 5, step=99, first=6),
        dict(kind="stochasticDepth", siteName="blocks.3", shape=[40, 1, 1, 1], probability=0.75, seed=7, step=12345, first=100),
        dict(kind="stochasticDepth", siteName="blocks.0", shape=[5, 1, 1, 1], probability=1.0, seed=7, step=1, first=0),
    ]

    result = {
        "philox": [
            dict(counter=c, key=k, words=[int(w) for w in philox(np.array(c, np.uint64), k)]) for c, k in known
        ],
        "masks": [dict(case, site=fnv1a(case["siteName"]), mask=mask(case)) for case in cases],
    }
    path = pathlib.Path(__file__).with_name("masks.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
