"""Weights in the order in which products read them: W columns at a time, for those all k one after another."""

from elman.kernels.emitter import Body, Module
from elman.kernels.values import Int, Pointer, Vector, choose


def define_packing(module: Module) -> None:
    """Emit `pack_columns`, `pack_rows` and `pack_bias`."""
    _define_pack_columns(module)
    _define_pack_rows(module)
    _define_pack_bias(module)


def _gate_row(body: Body, c: Int) -> Int:
    """The row of torch's weights (gates in the cell's order) that is number c in the kernels' order of gates."""
    order: Pointer = body.order
    H: Int = body.H
    return order.int_at(c // H) * H + c % H


def _define_pack_columns(module: Module) -> None:
    """From weights (G*H, K) the packed columns of their transpose, after `front` columns of 0.

    out[j][k][lane] = weights[row of j*W + lane - front][k]
    """
    W = module.lanes
    with module.function("pack_columns", "out* weights* order* gates H K front", public=True) as body:
        N = body.gates * body.H
        with body.loop((body.front + N + (W - 1)) // W) as j:
            first = j * W - body.front
            rows, counts = [], []
            for lane in range(W):
                c = first + lane
                inside = (c < N) & (c >= 0)
                rows.append(body.weights + _gate_row(body, choose(inside, c, body.integer(0))) * body.K)
                counts.append(choose(inside, body.K, body.integer(0)))
            out = body.out + j * body.K * W
            # Squares that lie inside, nearly all, need no masks.
            inside = (first >= 0) & (first + W <= N)
            squares = choose(inside, body.K // W * W, body.integer(0))
            with body.loop(squares, step=W) as k:
                for i, column in enumerate(transposed([row.vector(k) for row in rows])):
                    out.store((k + i) * W, column)
            with body.loop(body.K, start=squares, step=W) as k:
                parts = [row.vector(k, count - k) for row, count in zip(rows, counts, strict=True)]
                for i, column in enumerate(transposed(parts)):
                    with body.when(k + i < body.K):
                        out.store((k + i) * W, column)


def transposed(rows: list[Vector]) -> list[Vector]:
    """W vectors of W numbers, rows and columns exchanged, by log2(W) perfect shuffles."""
    W = len(rows)
    low = [lane // 2 + (lane % 2) * W for lane in range(W)]
    for _ in range(W.bit_length() - 1):
        pairs = zip(rows[: W // 2], rows[W // 2 :], strict=True)
        rows = [a.shuffled(b, [one + half for one in low]) for a, b in pairs for half in (0, W // 2)]
    return rows


def _define_pack_rows(module: Module) -> None:
    """From weights (G*H, N) their packed rows: out[j][k][lane] = weights[row number k][j*W + lane]."""
    W = module.lanes
    with module.function("pack_rows", "out* weights* order* gates H N", public=True) as body:
        K = body.gates * body.H
        with body.loop(K) as k:
            row = body.weights + _gate_row(body, k) * body.N
            with body.loop((body.N + (W - 1)) // W) as j:
                (body.out + (j * K + k) * W).store(0, row.vector(j * W, body.N - j * W))


def _define_pack_bias(module: Module) -> None:
    """One row of the kernels: what every product starts with; split gates have each bias in its own part."""
    with module.function("pack_bias", "out* pitch front bias_ih* bias_hh* order* gates split H", public=True) as body:
        with body.loop(body.pitch, step=module.lanes) as c:
            body.out.store(c, body.vector(0.0))
        with body.loop(body.gates) as place:
            source = body.order.int_at(place) * body.H
            out = body.out + body.front
            with body.choose(place < body.split) as (apart, together):
                with apart:
                    _add_up(body, out + place * body.H, [body.bias_hh], source)
                    _add_up(body, out + (body.gates + place) * body.H, [body.bias_ih], source)
                with together:
                    _add_up(body, out + place * body.H, [body.bias_ih, body.bias_hh], source)


def _add_up(body: Body, out: Pointer, biases: list[Pointer], source: Int) -> None:
    W = body.module.lanes
    with body.loop(body.H, step=W) as u:
        count = body.H - u
        total = body.variable(body.vector(0.0))
        for bias in biases:
            with body.when(bias.address().differs(0)):
                total.set(total.get() + bias.vector(source + u, count))
        out.store(u, total.get(), count)
