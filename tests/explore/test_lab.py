"""The lab: networks learn, remember as far as they can, repeat bit for bit, and stop when nobody looks on."""

import asyncio
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.errors import InputError
from elman.explore.explored import Explored
from elman.explore.lab import FEEDFORWARD, Experiment, Lab, Measured, Report, shares
from elman.explore.session import Tab
from elman.explore.views.lab import remembers, sentence

TINY = Experiment("delay", ("elman",), hidden_size=24, length=21, sees=4, learning_rate=0.01, steps=150, reports=3)


def test_a_network_learns_to_repeat_and_the_feedforward_one_no_further_than_its_window() -> None:
    last = list(Lab(TINY))[-1].measured
    assert last["elman"].by_lag[2] > 0.95
    assert (last[FEEDFORWARD].by_lag[1:4] > 0.95).all()
    assert (np.abs(last[FEEDFORWARD].by_lag[4:] - 0.25) < 0.1).all()
    assert last["elman"].by_lag[4] > 0.6


def test_a_gated_cell_keeps_what_was_marked() -> None:
    few = Experiment("echo", ("gru",), hidden_size=16, length=30, sees=3, learning_rate=0.02, steps=250, reports=1)
    last = list(Lab(few))[-1].measured
    assert (last["gru"].by_lag[1:10] > 0.95).all()
    assert (last[FEEDFORWARD].by_lag[3:10] < 0.35).all()


def test_equal_seeds_give_equal_curves_whatever_else_draws_random_numbers() -> None:
    few = dataclasses.replace(TINY, steps=20, reports=4)
    one = list(Lab(few))
    torch.rand(3)
    same, other = list(Lab(few)), list(Lab(dataclasses.replace(few, seed=1)))
    assert [report.step for report in one] == [5, 10, 15, 20]
    for a, b, c in zip(one, same, other, strict=True):
        for name in ("elman", FEEDFORWARD):
            assert a.measured[name].loss == b.measured[name].loss != c.measured[name].loss
            np.testing.assert_array_equal(a.measured[name].by_lag, b.measured[name].by_lag)


def test_a_network_learns_the_same_whoever_is_beside_it() -> None:
    few = dataclasses.replace(TINY, steps=10, reports=1)
    alone, beside = (next(iter(Lab(dataclasses.replace(few, cells=cells)))) for cells in (("gru",), ("elman", "gru")))
    assert alone.measured["gru"].loss == beside.measured["gru"].loss


@pytest.mark.parametrize("window", [7, 100])
def test_learning_is_truncated_bptt_with_adamw(window: int) -> None:
    """Beside the same written by hand, with tensors: the gradient ends at a window's start, the state goes on."""
    experiment = dataclasses.replace(TINY, window=window, sees=0)
    learner = Lab(experiment).learners[0]
    net = learner.network
    W_xh, W_hh, b_h, W_ho, b_o = own = [
        one.detach().clone().requires_grad_() for one in (net.W_xh, net.W_hh, net.b_h, net.W_ho, net.b_o)
    ]
    optimizer = torch.optim.AdamW(own, lr=0.01, weight_decay=0)
    batches = [experiment.batch(0, k, 8) for k in range(3)]
    for batch in batches:
        learner.learn(batch)
        x, targets = torch.from_numpy(batch.x), torch.from_numpy(batch.targets)
        h = torch.zeros(8, 24)
        for start in range(0, 21, window):
            h, losses = h.detach(), []
            for t in range(start, min(start + window, 21)):
                h = torch.tanh(x[:, t] @ W_xh.T + h @ W_hh.T + b_h)
                scores = (h @ W_ho.T + b_o).reshape(-1, 4).log_softmax(1)
                asked = targets[:, t].flatten() >= 0
                losses.append(-scores[asked, targets[:, t].flatten()[asked]])
            optimizer.zero_grad()
            torch.cat(losses).mean().backward()
            norm = torch.cat([one.grad.flatten() for one in own]).norm()  # type: ignore[union-attr]
            for one in own:
                one.grad *= min(1, 1 / float(norm))  # type: ignore[misc, operator]
            optimizer.step()
    for one, other in zip(own, (net.W_xh, net.W_hh, net.b_h, net.W_ho, net.b_o), strict=True):
        torch.testing.assert_close(one.detach(), other.detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["hidden_size", "length", "sees", "learning_rate"])
def test_every_choice_changes_something(name: str) -> None:
    few = dataclasses.replace(TINY, steps=4, reports=1)
    other = dataclasses.replace(few, **{name: {"learning_rate": 0.02, "length": 25}.get(name, 5)})
    measured = [next(iter(Lab(one))).measured for one in (few, other)]
    assert any(measured[0][of].loss != measured[1][of].loss for of in ("elman", FEEDFORWARD))


def test_the_feedforward_network_has_as_many_parameters_as_the_largest() -> None:
    lab = Lab(dataclasses.replace(TINY, cells=("elman", "lstm"), sees=8))
    sizes = {one.name: one.parameters for one in lab.learners}
    network = lab.learners[-1].network
    assert sizes["lstm"] > sizes["elman"]
    assert abs(sizes[FEEDFORWARD] - sizes["lstm"]) <= (sizes[FEEDFORWARD] // network.hidden.out_features)


def test_adding_without_a_question_in_most_windows() -> None:
    (found,) = Lab(Experiment("adding", ("gru",), 8, length=20, window=5, sees=3, steps=20, reports=1))
    assert 0 < found.measured["gru"].loss < 1
    assert np.isnan(found.measured["gru"].by_lag[:10]).all()


def test_rare_lags_are_taken_with_their_neighbours() -> None:
    right, asked = np.array([30.0, 0, 20, 4, 0, 6]), np.array([40, 0, 50, 8, 0, 12])
    np.testing.assert_allclose(shares(right, asked), [0.75, np.nan, 0.4, 24 / 58, np.nan, 30 / 70])
    np.testing.assert_allclose(shares(np.array([1.0, 0]), np.array([2, 2])), [0.25, 0.25])


def test_the_sentence_says_how_far_back() -> None:
    lags = np.array([1, 0.9, 0.7, np.nan, 0.3, 0.8])
    assert remembers(lags, 0.25) == "remembers 2 steps back"
    assert remembers(lags[:3], 0.25) == "goes on to the last lag, 2 steps back"
    assert remembers(lags[4:], 0.25) == "does not remember yet"
    measured = {"elman": Measured(1, 0.5, lags), FEEDFORWARD: Measured(1, 0.5, lags[:3])}
    assert sentence(TINY, Report(1200, measured)) == (
        "After 1,200 batches elman remembers 2 steps back; the feedforward network, which sees 4 steps, "
        "goes on to the last lag, 2 steps back."
    )


@pytest.fixture(scope="module")
def explored() -> Explored:
    model = elman.Generator(hidden_size=8, epochs=1, validation_fraction=0, verbose=0).fit("abcabd" * 20)
    return Explored("m.safetensors", model)


def asked(explored: Explored, *messages: dict[str, Any], wait: float = 0.0) -> list[dict[str, Any]]:
    """What a tab tells, until each request has its last answer; `wait` seconds between two requests."""

    async def talk() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []

        async def take(text: str) -> None:
            told.append(json.loads(text))

        tab = Tab(explored, take)
        delivery = asyncio.create_task(tab.deliver())
        for number, message in enumerate(messages, start=1):
            tab.receive(json.dumps({"id": number, **message}))
            await asyncio.sleep(wait)
        for _ in range(3000):
            if {one["id"] for one in told if "progress" not in one} == set(range(1, len(messages) + 1)):
                break
            await asyncio.sleep(0.01)
        tab.close()
        delivery.cancel()
        return told

    return asyncio.run(talk())


SMALL = {"do": "lab", "action": "start", "task": "delay", "cells": ["elman"], "hidden_size": 8, "length": 21, "sees": 2}


def test_an_experiment_on_the_page_tells_its_curves_and_ends(explored: Explored) -> None:
    *progress, last = asked(explored, {**SMALL, "steps": 20})
    points = [one for one in progress if "accuracy" in one]
    assert last["is"]["ended"] == 20
    assert [one["step"] for one in points] == list(range(21))
    assert points[-1]["said"] == last["is"]["said"]
    assert set(points[0]["loss"]) == {"elman", FEEDFORWARD}
    assert len(points[-1]["by_lag"]["elman"]["shape"]) == 1
    lab = Lab(Experiment("delay", ("elman",), 8, 21, None, 2, steps=20))
    assert points[-1]["accuracy"]["elman"] == list(lab)[-1].measured["elman"].accuracy


def test_stop_ends_it(explored: Explored) -> None:
    told = asked(explored, {**SMALL, "steps": 20_000}, {"do": "lab", "action": "stop"}, wait=0.7)
    assert told[-2] == {"id": 1, "cancelled": True}
    assert told[-1] == {"id": 2, "is": {"stopped": True}}
    assert max(one.get("step", 0) for one in told) < 19_000


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"task": "chess"}, "task is 'chess', expected one of echo, delay"),
        ({"cells": ["elman", "rnn"]}, "cells is ['elman', 'rnn'], expected some of elman"),
        ({"cells": []}, "cells is [], expected some of"),
        ({"cells": ["gru", "gru"]}, "each once"),
        ({"cells": [["gru"]]}, "expected some of"),
        ({"length": 10}, "length is 10, expected at least 21 steps for Delay"),
        ({"hidden_size": 10_000}, "hidden_size is 10000"),
        ({"steps": 0}, "steps is 0, expected a whole number from 1"),
        ({"learning_rate": 7}, "learning_rate is 7, expected a number from 1e-05 to 1"),
        ({"action": "go"}, "action is 'go', expected one of choices, start, stop"),
    ],
)
def test_bad_choices(explored: Explored, changes: dict[str, Any], says: str) -> None:
    (answer,) = asked(explored, {**SMALL, **changes})
    assert says in answer["error"]


def test_choices_are_those_that_start_takes(explored: Explored) -> None:
    found = asked(explored, {"do": "lab", "action": "choices"})[0]["is"]
    first = dict(found["first"])
    told = asked(explored, {"do": "lab", "action": "start", **first, "steps": 1})
    assert told[-1]["is"]["ended"] == 1
    with pytest.raises(InputError):
        elman.Network(1, 0, 1)
