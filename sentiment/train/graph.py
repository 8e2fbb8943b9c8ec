"""Makes the graph of the quantised encoder; its constants are places in `weights.bin`.

Plain operators of ONNX: https://onnx.ai/onnx/operators/. Batches hold texts of one length: no mask.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from sentiment.embedded.build import ALIGNED, DATA

OPSET = 20
_TYPES = {"int8": TensorProto.INT8, "float32": TensorProto.FLOAT}


class Graph:
    """Nodes in order, each output named after what it is."""

    def __init__(self, constants: Iterable[tuple[str, npt.NDArray[np.generic]]], heads: int, epsilon: float) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.heads, self.epsilon = heads, epsilon
        place = 0
        for name, array in constants:
            self.initializers.append(_external(name, array, place))
            self.shapes[name] = array.shape
            place += array.nbytes + -array.nbytes % ALIGNED

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """One node with one output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: object, kind: type) -> str:
        """A small constant inside the graph."""
        self.initializers.append(onnx.numpy_helper.from_array(np.array(value, kind), name))
        return name

    def linear(self, x: str, name: str) -> str:
        """x · W + b with x in eight bits: by known ranges or each token's own; in float32 where W is."""
        out = f"{name}.out"
        if f"{name}.scale" not in self.shapes:
            return self.add("Add", [self.add("MatMul", [x, f"{name}.w"], f"{name}.product"), f"{name}.b"], out)
        if f"{name}.in" in self.shapes:
            scaled = self.add("Mul", [x, f"{name}.in"], f"{name}.scaled")
        else:
            size = self.add("ReduceMax", [self.add("Abs", [x], f"{name}.abs"), "last"], f"{name}.max", keepdims=1)
            size = self.add("Max", [size, "tiny"], f"{name}.size")
            step = self.add("Div", [size, "top"], f"{name}.step")
            scaled = self.add("Div", [x, step], f"{name}.scaled")
        byte = self.add("QuantizeLinear", [scaled, "one", "middle"], f"{name}.byte")
        whole = self.add("MatMulInteger", [byte, f"{name}.w", "middle"], f"{name}.int")
        found = self.add("Cast", [whole], f"{name}.float", to=TensorProto.FLOAT)
        found = self.add("Mul", [found, f"{name}.scale"], f"{name}.unscaled")
        if f"{name}.in" not in self.shapes:
            found = self.add("Mul", [found, step], f"{name}.restored")
        return self.add("Add", [found, f"{name}.b"], out)

    def norm(self, x: str, name: str) -> str:
        """Layer normalisation over the last axis."""
        return self.add("LayerNormalization", [x, f"{name}.w", f"{name}.b"], f"{name}.out", epsilon=self.epsilon)

    def layer(self, x: str, name: str) -> str:
        """One layer of the encoder."""
        qkv = self.linear(x, f"{name}.qkv")
        parts = self.add("Reshape", [qkv, "split"], f"{name}.parts")
        turned = self.add("Transpose", [parts], f"{name}.turned", perm=[2, 0, 3, 1, 4])
        for number, part in enumerate("qkv"):
            self.add("Gather", [turned, f"number{number}"], f"{name}.{part}", axis=0)
        keys = self.add("Transpose", [f"{name}.k"], f"{name}.kt", perm=[0, 1, 3, 2])
        seen = self.add("Softmax", [self.add("MatMul", [f"{name}.q", keys], f"{name}.scores")], f"{name}.seen", axis=-1)
        mixed = self.add("MatMul", [seen, f"{name}.v"], f"{name}.mixed")
        mixed = self.add("Transpose", [mixed], f"{name}.back", perm=[0, 2, 1, 3])
        mixed = self.linear(self.add("Reshape", [mixed, "join"], f"{name}.joined"), f"{name}.ao")
        x = self.norm(self.add("Add", [x, mixed], f"{name}.attended"), f"{name}.aln")
        inner = self.add("Gelu", [self.linear(x, f"{name}.fi")], f"{name}.gelu")
        return self.norm(self.add("Add", [x, self.linear(inner, f"{name}.fo")], f"{name}.fed"), f"{name}.oln")


def make(
    constants: Iterable[tuple[str, npt.NDArray[np.generic]]], layers: int, heads: int, hidden: int, epsilon: float
) -> onnx.ModelProto:
    """ids int64 (batch, tokens) to float32 (batch, tokens, hidden)."""
    graph = Graph(constants, heads, epsilon)
    for name, value, kind in (
        ("one", 1.0, np.float32), ("middle", 128, np.uint8), ("tiny", 1e-9, np.float32), ("top", 127.0, np.float32),
        ("last", [-1], np.int64), ("zero", [0], np.int64), ("split", [0, 0, 3, heads, hidden // heads], np.int64),
        ("join", [0, 0, hidden], np.int64),
        ("number0", 0, np.int64), ("number1", 1, np.int64), ("number2", 2, np.int64),
    ):  # fmt: skip
        graph.constant(name, value, kind)
    words = graph.add("Gather", ["words", "ids"], "words.byte")
    if "words.scale" in graph.shapes:
        words = graph.add("Cast", [words], "words.float", to=TensorProto.FLOAT)
        words = graph.add("Mul", [words, graph.add("Gather", ["words.scale", "ids"], "words.step")], "words.full")
    width = graph.add("Shape", ["ids"], "width", start=1, end=2)
    places = graph.add("Slice", ["places", "zero", width, "zero"], "places.here")
    x = graph.norm(graph.add("Add", [words, places], "words.placed"), "norm")
    for number in range(layers):
        x = graph.layer(x, f"l{number}")
    body = helper.make_graph(
        graph.nodes, "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", "tokens", hidden])],
        graph.initializers,
    )  # fmt: skip
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


def _external(name: str, array: npt.NDArray[np.generic], place: int) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=_TYPES[str(array.dtype)], dims=array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", DATA), ("offset", place), ("length", array.nbytes)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
