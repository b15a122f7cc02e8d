"""The arena of a stream: nothing is allocated in a step, and state, weights and scratch keep to their places."""

import tracemalloc

import numpy as np

from elman.equations import CELLS
from elman.kernels.stepper import HeadWeights, LayerWeights, Stepper

rng = np.random.default_rng(0)


def layers(cell, I, H, L):  # noqa: E741
    def numbers(*shape):
        return rng.normal(0, 0.5, shape).astype(np.float32)

    rows = len(cell.gates) * H
    return [
        LayerWeights(numbers(rows, H if k else I), numbers(rows, H), numbers(rows), numbers(rows), []) for k in range(L)
    ]


def test_elman_is_its_equation():
    weights = layers(CELLS["elman"], 3, 5, 2)
    head = HeadWeights(rng.normal(size=(2, 5)).astype(np.float32), None)
    stepper = Stepper(CELLS["elman"], weights, head, 4)
    h = np.zeros((2, 4, 5))
    for _ in range(6):
        x = rng.normal(size=(4, 3))
        stepper.x[...] = x
        stepper.run(stepper.step)
        below = x
        for k, one in enumerate(weights):
            h[k] = np.tanh(below @ one.weight_ih.T + h[k] @ one.weight_hh.T + one.bias_ih + one.bias_hh)
            below = h[k]
        np.testing.assert_allclose(stepper.state["h"].swapaxes(0, 1), h, atol=1e-5)
        np.testing.assert_allclose(stepper.y, h[-1] @ head.weight.T, atol=1e-5)


def test_scratch_may_hold_anything():
    """What a step leaves in scratch memory is not read by the next."""
    for name in ("lstm", "gru"):
        stepper = Stepper(CELLS[name], layers(CELLS[name], 3, 5, 2), None, 3)
        x, y = rng.normal(size=(3, 9, 3)).astype(np.float32), np.empty((3, 9, 5), np.float32)
        stepper.block(x, y)
        for one in stepper.state.values():
            one[...] = 0
        for call in (*stepper._layers, *stepper._layers_of_a_step):
            names = stepper._compiled.index
            place, size = call.numbers[names["scratch"]], call.numbers[names["scratch_bytes"]]
            memory = stepper._arena.memory
            begin = place - memory.ctypes.data
            memory[begin : begin + size] = 255  # NaN
        for t in range(9):
            stepper.x[...] = x[:, t]
            stepper.run(stepper.step)
            assert np.array_equal(stepper.y, y[:, t])


def test_a_step_allocates_nothing():
    stepper = Stepper(CELLS["lstm"], layers(CELLS["lstm"], 8, 16, 1), None, 1)
    run, step = stepper.run, stepper.step
    run(step)
    tracemalloc.start()
    for _ in range(10):
        run(step)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 1000
