"""jax.jit of a lax.scan over the same equations; installed or not, this file can be imported."""

from collections.abc import Callable
from typing import Any

import numpy as np

from speed.work import Weights, Work

Built = tuple[Callable[[], Any], Callable[[], dict[str, np.ndarray]]]


def build(work: Work) -> Built:
    """Forward, training (outputs and all gradients, by jax.vjp: the same work as ours) or one step, compiled.

    Weights lie as (in, out), JAX's custom, which is also the quicker way around. One call waits for its result.
    """
    import jax

    # In the caller's thread: handing each call to a thread costs a small one ten microseconds more.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    cell = work.case.cell
    weights = jax.device_put([[one.T.copy() for one in layer] for layer in work.layers])
    x, dy = jax.device_put(work.x), jax.device_put(work.dy)
    if work.case.mode == "step":
        return _steps(jax, work, weights, x)

    @jax.jit
    def forward(weights: Any, x: Any) -> Any:
        for one in weights:
            x = _scan(jax, cell, one, x)
        return x

    if work.case.mode == "forward":
        return (
            lambda: forward(weights, x).block_until_ready(),
            lambda: {"y": work.valid(np.asarray(forward(weights, x)))},
        )

    @jax.jit
    def train(weights: Any, x: Any, dy: Any) -> Any:
        y, pull = jax.vjp(forward, weights, x)
        return y, pull(dy)

    def numbers() -> dict[str, np.ndarray]:
        y, (gradients, dx) = train(weights, x, dy)
        named = {
            f"{name}_l{k}": np.asarray(one).T
            for k, layer in enumerate(gradients)
            for name, one in zip(Weights._fields, layer, strict=True)
        }
        return {"y": work.valid(np.asarray(y)), "dx": np.asarray(dx), **named}

    return lambda: jax.block_until_ready(train(weights, x, dy)), numbers


def _steps(jax: Any, work: Work, weights: Any, x: Any) -> Built:
    zeros = jax.numpy.zeros((work.case.B, work.case.H))
    start = [_start(work.case.cell, zeros) for _ in weights]

    @jax.jit
    def step(weights: Any, states: Any, x: Any) -> Any:
        new = []
        for (w_ih, w_hh, b_ih, b_hh), state in zip(weights, states, strict=True):
            state = _step(jax, work.case.cell, x @ w_ih + b_ih, state, w_hh, b_hh)
            x = state[0]
            new.append(state)
        return x, new

    kept, first = [start], x[0]

    def call() -> Any:
        y, kept[0] = step(weights, kept[0], first)
        return y.block_until_ready()

    def numbers() -> dict[str, np.ndarray]:
        outputs, states = [], start
        for one in x:
            y, states = step(weights, states, one)
            outputs.append(np.asarray(y))
        return {"y": np.stack(outputs)}

    return call, numbers


def _scan(jax: Any, cell: str, weights: Any, x: Any) -> Any:
    """One layer, (T, B, I) -> (T, B, H), the input's product outside of the loop."""
    w_ih, w_hh, b_ih, b_hh = weights

    def step(state: Any, z_x: Any) -> Any:
        state = _step(jax, cell, z_x, state, w_hh, b_hh)
        return state, state[0]

    start = _start(cell, jax.numpy.zeros((x.shape[1], w_hh.shape[0])))
    return jax.lax.scan(step, start, x @ w_ih + b_ih)[1]


def _start(cell: str, zeros: Any) -> tuple[Any, ...]:
    return (zeros, zeros) if cell == "lstm" else (zeros,)


def _step(jax: Any, cell: str, z_x: Any, state: Any, w_hh: Any, b_hh: Any) -> tuple[Any, ...]:
    """The equation of a cell with torch's order of gates, and GRU's reset behind the product."""
    jnp, sigmoid = jax.numpy, jax.nn.sigmoid
    h = state[0]
    z_h = h @ w_hh + b_hh
    if cell == "elman":
        return (jnp.tanh(z_x + z_h),)
    if cell == "elman_relu":
        return (jax.nn.relu(z_x + z_h),)
    if cell == "gru":
        (r_x, z_x, n_x), (r_h, z_h, n_h) = jnp.split(z_x, 3, -1), jnp.split(z_h, 3, -1)
        z, n = sigmoid(z_x + z_h), jnp.tanh(n_x + sigmoid(r_x + r_h) * n_h)
        return ((1 - z) * n + z * h,)
    i, f, g, o = jnp.split(z_x + z_h, 4, -1)
    c = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
    return (sigmoid(o) * jnp.tanh(c), c)
