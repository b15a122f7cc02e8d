"""Two ranks against one: the same training, the same order, one decision."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import two_ranks

from elman.train.checkpoints import Checkpoints
from elman.train.ranks import Ranks, joined

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The folder that two ranks have left, and what each says; the training in `order` was begun by one."""
    out = tmp_path_factory.mktemp("ranks")
    first = {kind: two_ranks.order(kind, out, resume=False, stop_at=3, rank=1) for kind in two_ranks.KINDS}
    paths = [str(Path(two_ranks.__file__).parent), *sys.path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": ""}
    command = [*TORCHRUN, two_ranks.__file__, str(out)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return out, first, [json.loads((out / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("kind", two_ranks.KINDS)
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_two_ranks_are_one_after_a_hundred_steps(kind, dtype, bound, two):
    out, _, said = two
    net, history = two_ranks.equal(kind, dtype)
    assert len(history.curve) >= 100  # every step is a point of it
    ranks = [np.load(out / f"{kind}-{dtype.itemsize}-{rank}.npz") for rank in (0, 1)]
    for name, expected in net.state_dict().items():
        expected = expected.numpy()
        assert np.linalg.norm(ranks[0][name] - expected) <= bound * np.linalg.norm(expected), name
        assert ranks[0][name].tobytes() == ranks[1][name].tobytes()
    losses = [epoch.training_loss for epoch in history.epochs]
    np.testing.assert_allclose(said[0][f"{kind} {dtype.itemsize}"], losses, rtol=10 * bound)
    assert not np.array_equal(ranks[0]["readout.weight"], two_ranks.model(dtype).readout.weight.detach().numpy())


@pytest.mark.parametrize("kind", two_ranks.KINDS)
def test_one_rank_then_two_then_one_keep_the_order(kind, two, tmp_path):
    """Rows of all batches, of both ranks together, against a training that one process does; and where it stopped."""
    out, first, said = two
    rows, ended, _ = first[kind]
    whole, _, weights = two_ranks.order(kind, tmp_path, resume=False, stop_at=0, rank=1)
    ends = [one[f"order {kind}"][1] for one in said]
    assert [ended, *ends] == ["interrupted"] * 3  # of the two ranks only one was told
    for mine, theirs in zip(*(one[f"order {kind}"][0] for one in said), strict=True):
        rows.append(sorted(mine + theirs))
    last, ended, found = two_ranks.order(kind, out, resume=True, stop_at=0, rank=1)
    assert rows + last == whole
    assert ended == "epochs"
    assert Checkpoints(out / kind).latest()[0].metadata["ranks"] == 1
    np.testing.assert_allclose(np.frombuffer(found), np.frombuffer(weights), rtol=1e-9)  # states came along too


def test_a_step_that_goes_wrong_on_one_rank_is_skipped_on_all(two):
    (weights, error), (other, same) = (one["wrong"] for one in two[2])
    assert weights == other
    assert error == same
    assert "4 steps in a row gave no finite loss or gradient" in error


def test_lanes_that_cannot_be_shared_are_refused(two):
    assert two[2][0]["refused"].startswith("batch_size is 3 lanes, which 2 ranks cannot share equally: give a multiple")


def test_a_rank_that_still_reads_its_data_is_waited_for(two):
    assert [one["late"] for one in two[2]] == [[2], [2]]


def test_texts_go_round(two):
    assert [one["text"] for one in two[2]] == ["äää", "äää"]


def test_alone_nothing_is_reduced():
    with joined(torch.device("cpu")) as ranks:
        assert (ranks.rank, ranks.size, ranks.first) == (0, 1, True)
        assert ranks.sums(1.5, 2) == (1.5, 2)
        assert Ranks(1, 4).share(8) == slice(2, 4)
