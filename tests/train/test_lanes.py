"""Lanes: which steps go where, and gradients against autograd on the graph that was cut by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lanes_training import coded, content, fit, model

from elman.errors import InputError
from elman.state import State
from elman.train.lanes import LaneWindows


@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=12).filter(any),
    lanes=st.integers(1, 8),
    window=st.integers(1, 40),
)
def test_every_step_once_in_order_and_fresh_where_a_sequence_begins(lengths, lanes, window):
    offsets = np.cumsum([0, *lengths])
    if offsets[-1] < lanes:
        with pytest.raises(InputError, match=f"batch_size is {lanes} lanes, but there are only {offsets[-1]} time"):
            LaneWindows(offsets, lanes, window)
        return
    windows = LaneWindows(offsets, lanes, window)
    starts = {int(start) for start, T in zip(offsets, lengths, strict=False) if T}
    seen = [[] for _ in range(lanes)]
    for number in range(len(windows)):
        found = windows.window(number)
        assert sorted(set(found.lane)) == list(range(lanes))  # a row at least of every lane
        assert list(found.lane) == sorted(found.lane)
        for (start, stop), lane, fresh in zip(found.rows, found.lane, found.fresh, strict=True):
            if stop > start:
                first = not seen[lane]
                seen[lane] += range(start, stop)
                assert fresh == (start in starts or first)
                assert not starts & set(range(start + 1, stop))
            assert stop - start <= window
    assert [t for one in seen for t in one] == list(range(offsets[-1]))
    sizes = [len(one) for one in seen]
    assert max(sizes) - min(sizes) <= 1
    assert len(windows) == -(-max(sizes) // window)


@given(st.integers(0, 20))
def test_ranks_see_their_lanes_as_one_process_does(number):
    offsets = np.cumsum([0, 17, 3, 50, 9])
    windows = LaneWindows(offsets, 6, 5)
    whole = windows.window(number % len(windows))
    shares = slice(0, 3), slice(3, 6)
    parts = [LaneWindows(offsets, 6, 5, share).window(number % len(windows)) for share in shares]
    np.testing.assert_array_equal(np.concatenate([part.rows for part in parts]), whole.rows)
    np.testing.assert_array_equal(np.concatenate([part.fresh for part in parts]), whole.fresh)
    np.testing.assert_array_equal(np.concatenate([parts[0].lane, parts[1].lane + 3]), whole.lane)


def test_states_are_carried_and_begun_anew():
    windows = LaneWindows(np.array([0, 5, 12]), lanes=2, window=4)
    first, second = windows.window(0), windows.window(1)
    assert first.rows.tolist() == [[0, 4], [6, 10]]
    assert second.rows.tolist() == [[4, 5], [5, 6], [10, 12]]
    carried = first.end(State(h=torch.tensor([[1.0], [2.0]])))
    begun = second.begin(carried, lambda rows: State(h=torch.full((rows, 1), 9.0)))
    assert begun["h"].flatten().tolist() == [1.0, 9.0, 2.0]
    left = second.end(State(h=torch.tensor([[3.0], [4.0], [5.0]], requires_grad=True) * 1))
    assert left["h"].flatten().tolist() == [4.0, 5.0]
    assert not left["h"].requires_grad


def cut_by_hand(net, data, lanes, window):
    """The mean loss over all steps, every state detached at cuts and begun anew at sequences; step by step."""
    offsets = data.inputs.offsets
    steps = int(offsets[-1])
    total, count = torch.zeros((), dtype=torch.float64), 0
    for lane in range(lanes):
        start, stop = lane * steps // lanes, (lane + 1) * steps // lanes
        state = net.initial_state(1)
        for t in range(start, stop):
            if t in offsets[:-1]:
                state = net.initial_state(1)
            elif t > start and (t - start) % window == 0:
                state = state.detach()
            x = torch.from_numpy(data.inputs.values[t]).view(1, 1, -1)
            output, state = net(x, torch.tensor([1]), state)
            total = total + (output[0, 0] - torch.from_numpy(data.targets.values[t])).square().sum()
            count += 1
    return total / count


def test_gradients_are_those_of_the_graph_that_is_cut():
    data, net, twin = coded(), model(), model()
    mean = cut_by_hand(twin, data, 4, 7)
    mean.backward()
    # One step over all windows of an epoch, with plain gradient descent at a rate of 1: the weights lose the gradient.
    options = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 1.0, "decay": "none", "warm_up": 0.0, "clip": 0.0}
    _, history = fit("lanes", net, data, epochs=1, accumulate=100, **options)
    assert history.epochs[0].training_loss == pytest.approx(mean.item(), rel=1e-12)
    for (name, after), before in zip(net.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(before.detach() - after.detach(), before.grad, rtol=1e-9, atol=1e-14, msg=name)
    longer = model()
    cut_by_hand(longer, data, 4, 10_000).backward()
    whole = torch.cat([one.grad.flatten() for one in longer.parameters()])
    cut = torch.cat([one.grad.flatten() for one in twin.parameters()])
    assert (whole - cut).norm() > 1e-3 * whole.norm()  # the cuts do change something


def test_checkpoints_in_time_change_no_bit_of_a_window():
    data = coded((900, 300), np.float32)

    def trained(budget):
        net = model(torch.float32)
        net.recurrent.memory_budget = budget
        history = fit("lanes", net, data, epochs=2, batch_size=2, window=500)[1]
        return content(net), history.to_config()

    assert trained(None) == trained(1)
