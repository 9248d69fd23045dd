"""Writes ONNX files as other programs do, and what they hold by counts of PyTorch's or by hand.

/usr/bin/python3 test/goldens/inspect/make.py, with torch 1.13, torchvision 0.14, onnx 1.12.
"""

import json
import os

import numpy
import onnx
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper

here = os.path.dirname(os.path.abspath(__file__))
expected = {}
generator = numpy.random.default_rng(1)


def tensor(name, shape, dtype=numpy.float32):
    if dtype == numpy.float32:
        return numpy_helper.from_array(generator.normal(size=shape).astype(dtype), name)
    return numpy_helper.from_array(generator.integers(1, 100, size=shape).astype(dtype), name)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def write(name, nodes, inputs, outputs, weights=(), **facts):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    opsets = [helper.make_opsetid("", 15)]
    model = helper.make_model(graph, opset_imports=opsets)
    if name != "reversed":
        onnx.checker.check_model(model)
    save(name, model, **facts)


def save(name, model, **facts):
    onnx.save(model, os.path.join(here, f"{name}.onnx"))
    expected[name] = facts


def constant(name, given):
    given.name = name
    return helper.make_node("Constant", [], [name], value=given)


def in_constants():
    """Weights in Constant nodes, as PaddlePaddle writes them."""
    nodes = [
        constant("w", tensor("w", [4, 3, 3, 3])),
        constant("b", tensor("b", [4])),
        helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["y"], ["p"]),
        constant("to", numpy_helper.from_array(numpy.array([0, 4]))),
        helper.make_node("Reshape", ["p", "to"], ["f"]),
        constant("v", tensor("v", [4, 5])),
        helper.make_node("MatMul", ["f", "v"], ["z"]),
    ]
    write("constants", nodes, [value("x", ["N", 3, 8, 8])], [value("z", ["N", 5])],
          parameters=108 + 4 + 20, multiplyAdds=4 * 64 * 27 + 20)  # fmt: skip


def quantised():
    scale = numpy_helper.from_array(numpy.array(0.1, numpy.float32), "s")
    zero = numpy_helper.from_array(numpy.array(0, numpy.uint8), "o")
    weights = [
        scale,
        zero,
        tensor("qw", [4, 3, 3, 3], numpy.int8),
        tensor("qs", [4]),
        numpy_helper.from_array(numpy.zeros(4, numpy.int8), "qo"),
        tensor("qb", [4], numpy.int32),
        tensor("cw", [6, 4, 1, 1], numpy.uint8),
        tensor("mw", [6, 5], numpy.uint8),
        tensor("lw", [5, 7], numpy.uint8),
        tensor("dw", [7, 2], numpy.int8),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "o"], ["xq"]),
        helper.make_node("QLinearConv", ["xq", "s", "o", "qw", "qs", "qo", "s", "o", "qb"], ["a"]),
        helper.make_node("ConvInteger", ["a", "cw"], ["b"]),
        helper.make_node("Cast", ["b"], ["bf"], to=TensorProto.FLOAT),
        helper.make_node("GlobalAveragePool", ["bf"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("DynamicQuantizeLinear", ["f"], ["fq", "fs", "fo"]),
        helper.make_node("MatMulInteger", ["fq", "mw", "fo"], ["m"]),
        helper.make_node("Cast", ["m"], ["mf"], to=TensorProto.FLOAT),
        helper.make_node("QuantizeLinear", ["mf", "s", "o"], ["mq"]),
        helper.make_node("QLinearMatMul", ["mq", "s", "o", "lw", "s", "o", "s", "o"], ["l"]),
        helper.make_node("DequantizeLinear", ["l", "s", "o"], ["lf"]),
        helper.make_node("DequantizeLinear", ["dw", "s"], ["df"]),
        helper.make_node("MatMul", ["lf", "df"], ["z"]),
    ]
    write("quantised", nodes, [value("x", ["N", 3, 8, 8])], [value("z", ["N", 2])], weights,
          parameters=108 + 4 + 24 + 30 + 35 + 14,
          multiplyAdds=36 * 4 * 27 + 36 * 24 + 30 + 35 + 14)  # fmt: skip


def in_reverse():
    """Nodes in the opposite order; float16 converters append theirs."""
    nodes = [
        helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("Cast", ["h"], ["g"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["g", "w"], ["y"]),
        helper.make_node("Relu", ["y"], ["r"]),
        helper.make_node("Conv", ["r", "v"], ["z"]),
    ]
    weights = [tensor("w", [4, 3, 3, 3]), tensor("v", [2, 4, 3, 3])]
    write("reversed", nodes[::-1], [value("x", ["N", 3, 8, 8])], [value("z", ["N", "c", "h", "w"])], weights,
          parameters=108 + 72, multiplyAdds=36 * 108 + 16 * 72)  # fmt: skip


def with_bodies():
    """A Loop of three rounds whose body holds a weight, and an If whose test is known at run time."""
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "w"], ["next"]),
            helper.make_node("Identity", ["going"], ["goes"]),
        ],
        "body",
        [value("i", [], TensorProto.INT64), value("going", [], TensorProto.BOOL), value("state", ["a", "b"])],
        [value("goes", [], TensorProto.BOOL), value("next", ["a", "b"])],
        [tensor("w", [4, 4])],
    )  # fmt: skip
    then = helper.make_graph(
        [helper.make_node("MatMul", ["l", "t"], ["a"])], "then", [], [value("a", ["a", "b"])],
        [tensor("t", [4, 4])],
    )  # fmt: skip
    other = helper.make_graph([helper.make_node("Relu", ["l"], ["b"])], "else", [], [value("b", ["a", "b"])])
    nodes = [
        helper.make_node("Loop", ["three", "true", "x"], ["l"], body=body),
        helper.make_node("If", ["test"], ["y"], then_branch=then, else_branch=other),
    ]
    weights = [
        numpy_helper.from_array(numpy.array(3), "three"),
        numpy_helper.from_array(numpy.array(True), "true"),
    ]
    inputs = [value("x", ["N", 4]), value("test", [], TensorProto.BOOL)]
    write("bodies", nodes, inputs, [value("y", ["a", "b"])], weights, parameters=32, multiplyAdds=64)


def vision_transformer():
    """torchvision's, made small, with a symbolic batch."""
    torch.manual_seed(1)
    model = torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=24,
        num_classes=5,
    ).eval()  # fmt: skip
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    image = torch.zeros(1, 3, 32, 32)
    adds = counted(model, image)
    path = os.path.join(here, "transformer.onnx")
    torch.onnx.export(
        model, image, path, opset_version=13, input_names=["x"], output_names=["y"],
        dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
    )  # fmt: skip
    exported = onnx.load(path)
    # Paths of the machine that made it.
    for node in exported.graph.node:
        node.doc_string = ""
    sizes = [parameter.numel() for parameter in model.parameters()]
    save("transformer", exported, parameters=sum(sizes), multiplyAdds=adds)


def counted(model, image):
    total = 0

    def add(module, _, result):
        nonlocal total
        if isinstance(module, torch.nn.Conv2d):
            total += result.numel() * module.weight[0].numel()
        elif isinstance(module, torch.nn.MultiheadAttention):
            _, length, width = result[0].shape
            total += 4 * length * width**2 + 2 * length**2 * width
        elif type(module) is torch.nn.Linear:
            total += result.numel() * module.in_features

    hooks = [module.register_forward_hook(add) for module in model.modules()]
    with torch.no_grad():
        model(image)
    for hook in hooks:
        hook.remove()
    return total


in_constants()
quantised()
in_reverse()
with_bodies()
vision_transformer()
with open(os.path.join(here, "expected.json"), "w", encoding="utf8") as file:
    json.dump(expected, file, indent=2)
    file.write("\n")
