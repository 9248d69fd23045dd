"""Writes classes.json: class weights and figures by class, by the published formulas in NumPy.

Run: /usr/bin/python3 test/goldens/classes/make.py   (numpy)
"""
import json
import pathlib

import numpy as np

COUNTS = [2, 5, 40, 1]
CONFUSION = [[3, 1, 0, 0], [2, 5, 0, 1], [0, 0, 0, 0], [4, 0, 0, 6]]


def balanced(counts):
    """sklearn.utils.class_weight.compute_class_weight('balanced')."""
    n = np.array(counts)
    return n.sum() / (len(n) * n)


def effective(counts, beta):
    """github.com/richardaecn/class-balanced-loss, class_balanced_loss.py: CB_loss."""
    effective_num = 1.0 - np.power(beta, counts)
    weights = (1.0 - beta) / np.array(effective_num)
    return weights / np.sum(weights) * len(counts)


def figures(confusion):
    """sklearn.metrics: balanced_accuracy_score, and f1_score(average='macro') over the labels that occur."""
    c = np.array(confusion, dtype=float)
    right, true, predicted = np.diag(c), c.sum(1), c.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_class = right / true
        f1 = 2 * right / (true + predicted)
    return {
        "balancedAccuracy": np.mean(per_class[~np.isnan(per_class)]),
        "macroF1": np.mean(f1[true + predicted > 0]),
        "f1": [None if np.isnan(v) else v for v in f1],
    }


golden = {
    "counts": COUNTS,
    "balanced": balanced(COUNTS).tolist(),
    "effective": {str(beta): effective(COUNTS, beta).tolist() for beta in (0.9, 0.999)},
    "confusion": CONFUSION,
    "figures": figures(CONFUSION),
}
pathlib.Path(__file__).with_name("classes.json").write_text(json.dumps(golden, indent=1) + "\n")
