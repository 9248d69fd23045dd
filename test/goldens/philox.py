"""The counter-based generator of src/support/random.ts and the hash of src/support/hash.ts, in numpy.

Scripts that make golden values draw weights, images and masks from it, so that a test can draw the
same ones and only results need to be stored. Run it to check it: /usr/bin/python3 test/goldens/philox.py
"""
import numpy as np

MASK = np.uint64(0xFFFFFFFF)
HIGH = np.uint64(32)


def philox4x32(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10 of counters (arrays or numbers) under one key; [..., 4] words as uint64."""
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(c, np.uint64) for c in (c0, c1, c2, c3)))
    for _ in range(10):
        product0 = np.uint64(0xD2511F53) * c0
        product1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (product1 >> HIGH) ^ c1 ^ np.uint64(k0),
            product1 & MASK,
            (product0 >> HIGH) ^ c3 ^ np.uint64(k1),
            product0 & MASK,
        )
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return np.stack([c0, c1, c2, c3], -1)


def fill_bits(count, seed, site, step=0, sample=0):
    """The first `count` words of a stream: counter [i, sample, step, site], key (seed low, seed high)."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    words = philox4x32(blocks, sample, step, site, seed % 2**32, seed // 2**32)
    return words.reshape(-1)[:count]


def uniform(count, seed, site, step=0, sample=0):
    """`count` float64 numbers in [0, 1), each a word / 2^32."""
    return fill_bits(count, seed, site, step, sample) / 2.0**32


def fnv1a32(text):
    """32-bit FNV-1a of a string's UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) % 2**32
    return value


def check():
    """Known answers: Random123's kat_vectors (philox4x32 10) and Noll's FNV test values."""
    ones = 0xFFFFFFFF
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    for inputs, words in (
        ((0,) * 6, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((ones,) * 6, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (pi, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ):
        assert " ".join(f"{int(word):08x}" for word in philox4x32(*inputs)) == words, inputs
    for text, value in (("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)):
        assert fnv1a32(text) == value, text


if __name__ == "__main__":
    check()
    print("philox and fnv1a32 give the known answers")
