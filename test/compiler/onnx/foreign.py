"""Writes a model as other tools do: typed fields instead of raw_data, other element types, sequences."""

import sys

import numpy
from onnx import TensorProto, helper, save

weights = [
    helper.make_tensor("float", TensorProto.FLOAT, [2], [0.5, -1.5]),
    helper.make_tensor("double", TensorProto.DOUBLE, [1], [0.1]),
    helper.make_tensor("half", TensorProto.FLOAT16, [2], numpy.array([1, -2], numpy.float16)),
    helper.make_tensor("int64", TensorProto.INT64, [2], [-1, 2**40]),
    helper.make_tensor("int32", TensorProto.INT32, [1], [-7]),
    helper.make_tensor("uint8", TensorProto.UINT8, [2], [7, 255]),
    helper.make_tensor("bool", TensorProto.BOOL, [3], [True, False, True]),
    helper.make_tensor("int8", TensorProto.INT8, [2], [-1, 5]),
    helper.make_tensor("string", TensorProto.STRING, [2], [b"a", "é".encode()]),
    helper.make_tensor("empty", TensorProto.FLOAT, [0], []),
]
graph = helper.make_graph(
    [
        helper.make_node("SequenceConstruct", ["x"], ["s"], domain="ai.onnx"),
        helper.make_node("Slice", ["x", "starts", "ends"], ["y"]),
    ],
    "foreign",
    [helper.make_tensor_value_info("x", TensorProto.INT8, ["batch", None, 3])],
    [helper.make_tensor_sequence_value_info("s", TensorProto.INT8, None)],
    weights,
)
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx", 17)]), sys.argv[1])
