"""ONNX Runtime's RNN, GRU and LSTM on the same weights; installed or not, this file can be imported."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from speed.work import Weights, Work

OPERATORS = {"elman": "RNN", "elman_relu": "RNN", "gru": "GRU", "lstm": "LSTM"}
ORDER = {"elman": [0], "elman_relu": [0], "gru": [1, 0, 2], "lstm": [0, 3, 1, 2]}  # rzn to zrn, ifgo to iofg
OPSET, IR_VERSION = 17, 9
Built = tuple[Callable[[], Any], Callable[[], dict[str, np.ndarray]]]


def build(work: Work) -> Built:
    """A session's `run`: forward of sequences, or one step with the states in and out."""
    session = _session(work)
    if work.case.mode == "step":
        return _steps(work, session)
    feeds = {"x": work.x} | ({} if work.lengths is None else {"lengths": work.lengths.astype(np.int32)})
    return lambda: session.run(["y"], feeds), lambda: {"y": session.run(["y"], feeds)[0]}


def _session(work: Work) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_model(work), options, providers=["CPUExecutionProvider"])


def _model(work: Work) -> bytes:
    """The layers as a graph: x (and the states) to y (and the new states), one node for each layer."""
    from onnx import TensorProto, helper, numpy_helper

    case, names = work.case, _state_names(work)
    nodes, constants = [], [numpy_helper.from_array(np.array([1]), "directions")]
    for k, weights in enumerate(work.layers):
        for name, array in zip("WRB", _reordered(case.cell, weights), strict=True):
            constants.append(numpy_helper.from_array(array, f"{name}{k}"))
        states = [name for name in names if name.endswith(str(k))]
        attributes: dict[str, Any] = {"hidden_size": case.H}
        if case.cell == "gru":
            attributes["linear_before_reset"] = 1
        if case.cell == "elman_relu":
            attributes["activations"] = ["Relu"]
        inputs = [f"y{k - 1}" if k else "x", f"W{k}", f"R{k}", f"B{k}", "lengths" if case.ragged else "", *states]
        nodes.append(
            helper.make_node(OPERATORS[case.cell], inputs, [f"Y{k}", *(f"new_{name}" for name in states)], **attributes)
        )
        last = "y" if k == case.layers - 1 else f"y{k}"
        nodes.append(helper.make_node("Squeeze", [f"Y{k}", "directions"], [last]))

    def value(name: str, *shape: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inputs = [value("x", case.T, case.B, case.I), *(value(name, 1, case.B, case.H) for name in names)]
    if case.ragged:
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, (case.B,)))
    outputs = [value("y", case.T, case.B, case.H), *(value(f"new_{name}", 1, case.B, case.H) for name in names)]
    graph = helper.make_graph(nodes, case.cell, inputs, outputs, constants)
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION).SerializeToString()


def _state_names(work: Work) -> list[str]:
    """The states that a step takes in and gives out; a whole sequence starts at zeros."""
    kinds = "hc" if work.case.cell == "lstm" else "h"
    return [f"{kind}{k}" for k in range(work.case.layers) for kind in kinds] if work.case.mode == "step" else []


def _reordered(cell: str, weights: Weights) -> list[np.ndarray]:
    """W (1, G*H, I), R (1, G*H, H) and B (1, 2*G*H) with ONNX's order of gates."""
    order = ORDER[cell]
    W, R, b_ih, b_hh = (np.concatenate([np.split(one, len(order))[gate] for gate in order]) for one in weights)
    return [W[None], R[None], np.concatenate([b_ih, b_hh])[None]]


def _steps(work: Work, session: Any) -> Built:
    names = _state_names(work)
    outputs = ["y", *(f"new_{name}" for name in names)]

    def start(x: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": x} | {name: np.zeros((1, work.case.B, work.case.H), np.float32) for name in names}

    def step(feeds: dict[str, np.ndarray]) -> np.ndarray:
        y, *states = session.run(outputs, feeds)
        feeds.update(zip(names, states, strict=True))
        return y

    def numbers() -> dict[str, np.ndarray]:
        feeds, ys = start(work.x[:1]), []
        for t in range(len(work.x)):
            feeds["x"] = work.x[t : t + 1]
            ys.append(step(feeds)[0])
        return {"y": np.stack(ys)}

    kept = start(work.x[:1])
    return lambda: step(kept), numbers


def build_bound(work: Work) -> Built:
    """One step with every input and output bound to memory beforehand, the least that a session's call can cost.

    The states go to and fro between two places; the input is copied into its place, the output read from its own.
    """
    import onnxruntime

    session, names = _session(work), _state_names(work)
    zeros = np.zeros((1, work.case.B, work.case.H), np.float32)
    make = onnxruntime.OrtValue.ortvalue_from_numpy
    x, y = make(work.x[:1].copy()), make(zeros.copy())
    places = [{name: make(zeros.copy()) for name in names} for _ in range(2)]
    turns = []
    for before, after in (places, places[::-1]):
        turn = session.io_binding()
        turn.bind_ortvalue_input("x", x)
        turn.bind_ortvalue_output("y", y)
        for name in names:
            turn.bind_ortvalue_input(name, before[name])
            turn.bind_ortvalue_output(f"new_{name}", after[name])
        turns.append(turn)

    def step(one: np.ndarray) -> np.ndarray:
        x.update_inplace(one)
        session.run_with_iobinding(turns[0])
        turns.reverse()
        return y.numpy()

    def numbers() -> dict[str, np.ndarray]:
        for place in places:
            for value in place.values():
                value.update_inplace(zeros)
        return {"y": np.stack([step(work.x[t : t + 1])[0].copy() for t in range(len(work.x))])}  # of one place

    first = work.x[:1]
    return lambda: step(first), numbers
