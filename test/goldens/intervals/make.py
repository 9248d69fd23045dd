"""Intervals of shares and of their differences, for test/support/interval.test.ts.

Wilson's and Newcombe's intervals are found as what they are defined by, the shares that a score test of
5 % does not refuse, by bisection, and not by the closed formulas. Clopper and Pearson's comes from sums
of exact fractions. Run it as: /usr/bin/python3 test/goldens/intervals/make.py
"""
import json
from fractions import Fraction
from math import comb, sqrt
from pathlib import Path
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


def bisect(inside, low, high):
    """The end of an interval between a share that is inside and one that is not."""
    for _ in range(200):
        middle = (low + high) / 2
        if inside(middle):
            low = middle
        else:
            high = middle
    return low


def wilson(k, n):
    p = k / n
    inside = lambda share: abs(p - share) <= Z * sqrt(share * (1 - share) / n)
    return [0.0 if k == 0 else bisect(inside, p, 0.0), 1.0 if k == n else bisect(inside, p, 1.0)]


def at_most(k, n, share):
    share = Fraction(share)
    return sum(comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k + 1))


def clopper_pearson(k, n):
    tail = Fraction(25, 1000)
    def end(inside, low, high):
        low, high = Fraction(low).limit_denominator(10**6), Fraction(high)
        for _ in range(44):
            middle = (low + high) / 2
            low, high = (middle, high) if inside(middle) else (low, middle)
        return float(low)
    p = k / n
    return [
        0.0 if k == 0 else end(lambda share: 1 - at_most(k - 1, n, share) >= tail, p, 0),
        1.0 if k == n else end(lambda share: at_most(k, n, share) >= tail, p, 1),
    ]


def newcombe(k1, n1, k2, n2):
    (l1, u1), (l2, u2) = wilson(k1, n1), wilson(k2, n2)
    p, q = k1 / n1, k2 / n2
    return [p - q - sqrt((p - l1) ** 2 + (u2 - q) ** 2), p - q + sqrt((u1 - p) ** 2 + (q - l2) ** 2)]


def bonett_price(n, b, c):
    p, q = Fraction(b + 1, n + 2), Fraction(c + 1, n + 2)
    half = Z * sqrt(float((p + q - (p - q) ** 2) / (n + 2)))
    return [float(p - q) - half, float(p - q) + half]


shares = [(0, 20), (19, 20), (20, 20), (1, 29), (15, 148), (81, 263), (9655, 10000)]
exact = [(0, 20), (19, 20), (20, 20), (1, 29), (15, 148), (81, 263)]
unpaired = [(56, 70, 48, 80), (9, 10, 3, 10), (5, 56, 0, 29), (10, 10, 0, 10)]
paired = [(21, 1, 7), (50, 12, 2), (500, 30, 18), (40, 0, 0)]
Path(__file__).with_name("intervals.json").write_text(json.dumps({
    "wilson": [[*own, wilson(*own)] for own in shares],
    "clopperPearson": [[*own, clopper_pearson(*own)] for own in exact],
    "unpaired": [[*own, newcombe(*own)] for own in unpaired],
    "paired": [[*own, bonett_price(*own)] for own in paired],
}, indent=2) + "\n")
