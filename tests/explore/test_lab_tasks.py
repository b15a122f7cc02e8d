"""The lab's tasks: every target and lag beside a plain loop over the sequence."""

import numpy as np
import pytest

from elman.explore.lab_tasks import DEEPEST, KINDS, LAGS, NOT_ASKED, TASKS, Batch, Task

ROWS, LENGTH = 40, 60


def batch(name: str, length: int = LENGTH, seed: int = 0) -> Batch:
    return TASKS[name].batch(np.random.default_rng(seed), length, ROWS)


def test_echo_repeats_the_symbol_that_was_marked_last() -> None:
    found = batch("echo")
    for x, targets, lags in zip(found.x, found.targets, found.lags, strict=True):
        assert (x[:, :-1].sum(1) == 1).all()
        symbol, at = NOT_ASKED, 0
        for t, step in enumerate(x):
            if step[-1] == 1:
                symbol, at = int(step[:-1].argmax()), t
            assert targets[t, 0] == symbol
            assert symbol == NOT_ASKED or lags[t, 0] == t - at
    assert found.lags.max() > 20


def test_delay_repeats_every_symbol_at_every_lag() -> None:
    found = batch("delay")
    symbols = found.x.argmax(2)
    for b in range(ROWS):
        for t in range(LENGTH):
            for k in range(1, LAGS + 1):
                expected = symbols[b, t - k] if t >= k else NOT_ASKED
                assert found.targets[b, t, k - 1] == expected
                assert found.lags[b, t, k - 1] == k


@pytest.mark.parametrize("length", [4, 5, LENGTH])
def test_adding_asks_for_the_sum_of_what_is_marked(length: int) -> None:
    found = batch("adding", length)
    for x, targets, lags in zip(found.x, found.targets, found.lags, strict=True):
        marked = [t for t in range(length) if x[t, 1] == 1]
        assert len(marked) == 2
        assert marked[0] < length // 2 <= marked[1]
        np.testing.assert_allclose(targets[-1, 0], sum(float(x[t, 0]) for t in marked), rtol=1e-6)
        assert lags[-1, 0] == length - 1 - marked[0]
    np.testing.assert_array_equal(found.asked.sum((1, 2)), 1)


def test_parity_counts_the_ones_so_far() -> None:
    found = batch("parity")
    for x, targets, lags in zip(found.x[:, :, 0], found.targets, found.lags, strict=True):
        for t in range(LENGTH):
            assert targets[t, 0] == sum(x[: t + 1] == 1) % 2
            assert lags[t, 0] == t


def test_brackets_close_what_was_opened_last() -> None:
    found = batch("brackets")
    deepest = 0
    for x, targets, lags in zip(found.x, found.targets, found.lags, strict=True):
        opened: list[tuple[int, int]] = []
        for t, step in enumerate(x.argmax(1)):
            if step < KINDS:
                assert targets[t, 0] == NOT_ASKED
                opened.append((int(step), t))
            else:
                kind, at = opened.pop()
                assert (targets[t, 0], lags[t, 0]) == (kind, t - at)
            deepest = max(deepest, len(opened))
    assert deepest == DEEPEST


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_equal_seeds_give_equal_batches(task: Task) -> None:
    one, same, other = (task.batch(np.random.default_rng(seed), 30, 3) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.x, same.x)
    np.testing.assert_array_equal(one.targets, same.targets)
    assert not np.array_equal(one.x, other.x)
    assert one.x.shape == (3, 30, task.input_size)
    assert one.x.dtype == np.float32


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_who_remembers_nothing_is_right_by_chance(task: Task) -> None:
    found = task.batch(np.random.default_rng(0), task.length, 3000)
    always = np.zeros((*found.x.shape[:2], task.output_size))
    always += 1 if not task.alternatives else np.tile(np.eye(task.alternatives)[0], task.answers)
    share = task.right(always, found)[found.asked].mean()
    assert abs(share - task.chance) < 0.02


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_right_is_what_was_asked_for(task: Task) -> None:
    found = task.batch(np.random.default_rng(0), 25, 5)
    if task.alternatives:
        outputs = np.eye(task.alternatives)[np.maximum(found.targets, 0)].reshape(5, 25, task.output_size)
    else:
        outputs = np.nan_to_num(found.targets) + 0.039
    right = task.right(outputs, found)
    assert right[found.asked].all()
    assert not right[~found.asked].any()
    assert not task.right(outputs + 0.002, found).any() or task.alternatives
