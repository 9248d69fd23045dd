"""Checks ONNX files with onnx's own checker and strict shape inference: check.py FILE..."""

import sys

import onnx

for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    training = [[b.key for b in info.update_binding] for info in model.training_info]
    print(len(inferred.graph.value_info), [f.name for f in model.functions], training)
