"""Writes what torchvision and timm say of the models that both they and Gradus ship.

Run: PYTHONPATH=TIMM /usr/bin/python3 test/goldens/libraries/make.py
(torch 1.13.1, torchvision 0.14.1; TIMM is the tag v0.9.16 of timm's repository)

models.json holds of each model: trained numbers, multiply-adds of convolutions and linear layers
for one image of `size`, epsilon and momentum of its normalisations, and a SHA-256 of its sorted
lines `name [shape]`, num_batches_tracked left out; of a few the drop rates of the branches that
have a skip. names.json has the lines of a few, so that a difference can be seen.
"""
import hashlib
import json
import pathlib

import timm
import torch
import torchvision

FOLDER = pathlib.Path(__file__).parent
SIZES = {
    "b0": 224, "b1": 240, "b2": 260, "b3": 300, "b4": 380,
    "b5": 456, "b6": 528, "b7": 600, "b8": 672, "l2": 475,
}
RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
WITH_NAMES = ["efficientnet_b0", "tv_efficientnet_b0", "resnet50"]
WITH_RATES = ["efficientnet_b0", "tv_efficientnet_b0", "efficientnet_b7", "tv_efficientnet_b7"]


def sources():
    """Name in Gradus, library, model, size of the image."""
    for scale, size in SIZES.items():
        for prefix in ["", "tf_"]:
            name = f"{prefix}efficientnet_{scale}"
            yield name, "timm", timm.create_model(name, drop_path_rate=0.2), size
    for scale in ["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"]:
        model = getattr(torchvision.models, f"efficientnet_{scale}")()
        yield f"tv_efficientnet_{scale}", "torchvision", model, SIZES[scale]
    for name in RESNETS:
        yield name, "torchvision", getattr(torchvision.models, name)(), 224
    for name in RESNETS:
        yield name, "timm", timm.create_model(name), 224


def multiply_adds(model, size):
    """Shapes are enough: the tensors lie on the meta device, which computes nothing."""
    total = 0

    def count(module, _inputs, y):
        nonlocal total
        weight = module.weight
        if isinstance(module, torch.nn.Linear):
            total += weight.numel()
        else:
            total += weight.numel() * y.shape[2] * y.shape[3]

    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    for module in model.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(count)
    model.to("meta").eval()(torch.empty(1, 3, size, size, device="meta"))
    return total


def drop_rates(model):
    """Of the branches that are added to something, in order."""
    rates = []
    for module in model.modules():
        if getattr(module, "has_skip", False) or getattr(module, "use_res_connect", False):
            path = getattr(module, "drop_path", None) or module.stochastic_depth
            rates.append(round(getattr(path, "drop_prob", None) or path.p, 6))
    return rates


def lines_of(model):
    return sorted(
        f"{name} [{','.join(map(str, tensor.shape))}]"
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )


def describe(model, size):
    [(epsilon, momentum)] = {
        (m.eps, m.momentum) for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)
    }
    lines = lines_of(model)
    return {
        "size": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "multiplyAdds": multiply_adds(model, size),
        "epsilon": epsilon,
        "momentum": momentum,
        "tensors": len(lines),
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def main():
    rows, names = [], {}
    for name, library, model, size in sources():
        row = {"name": name, "library": library, **describe(model, size)}
        if name in WITH_RATES:
            row["dropRates"] = drop_rates(model)
        if name in WITH_NAMES:
            names[name] = lines_of(model)
        rows.append(json.dumps(row))
    versions = {library.__name__: library.__version__ for library in [torch, torchvision, timm]}
    text = ",\n".join(rows)
    (FOLDER / "models.json").write_text(
        f'{{"versions": {json.dumps(versions)}, "models": [\n{text}\n]}}\n'
    )
    (FOLDER / "names.json").write_text(json.dumps(names) + "\n")


if __name__ == "__main__":
    main()
