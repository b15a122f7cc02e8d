"""Killed at any point and resumed, a training ends as if nothing had happened; another one is not resumed."""

import io
import json
import resource
import signal
import threading

import filelock
import numpy as np
import pytest
import torch
from lanes_training import coded, content, fit, model, squares

from elman.errors import InputError
from elman.files import replace, write_model
from elman.train import BatchLoss, Metric
from elman.train.checkpoints import Checkpoints

HARD = {"average": 0.9, "accumulate": 2, "checkpoint_seconds": 0, "weight_decay": 0.1}


class Killed(BaseException):
    """What no handler catches."""


def network():
    return model(torch.float32, dropout=0.3, num_layers=2)


def interrupted(step):
    """The loss, with Ctrl-C in the given step, counted from 1."""
    calls = []

    def loss(net, batch):
        calls.append(batch)
        if len(calls) == step:
            signal.raise_signal(signal.SIGINT)
        return squares(net, batch)

    return loss


def whole(kind, folder, **options):
    """A training that nothing disturbs: weights, history without times, the last checkpoint."""
    return outcome(folder, *fit(kind, network(), coded(dtype=np.float32), checkpoints=folder, **{**HARD, **options}))


def outcome(folder, net, history):
    found, complaints = Checkpoints(folder).latest()
    assert complaints == []
    tensors = {name: one.tobytes() for name, one in found.tensors.items()}
    curve = [(point.epoch, point.loss, point.largest_norm) for point in history.curve]
    return content(net), history.to_config(), curve, tensors, found.metadata["position"]


def killed(kind, folder, seed, monkeypatch, **options):
    """The same, with Killed raised at random moments, in the loss or while a checkpoint is written, and resumed."""
    generator = np.random.default_rng(seed)
    left = [0]

    def tick():
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    def loss(net, batch):
        tick()
        return squares(net, batch)

    sync = replace.os.fsync
    monkeypatch.setattr(replace.os, "fsync", lambda number: (tick(), sync(number)))
    deaths = 0
    for attempt in range(100):
        left[0] = int(generator.integers(2, 16)) if attempt < 8 else 0
        try:
            net, history = fit(
                kind,
                network(),
                coded(dtype=np.float32),
                checkpoints=folder,
                resume=True,
                loss=loss,
                **{**HARD, **options},
            )
        except Killed:
            deaths += 1
            continue
        assert deaths >= 5
        return outcome(folder, net, history)
    raise AssertionError("it never ended")


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("kind", ["lanes", "sequences"])
def test_killed_and_resumed_ends_with_the_same_bits(kind, seed, tmp_path, monkeypatch):
    undisturbed = whole(kind, tmp_path / "whole", epochs=6 + seed)
    assert killed(kind, tmp_path / "killed", seed, monkeypatch, epochs=6 + seed) == undisturbed


def test_early_stopping_goes_on_where_it_was(tmp_path, monkeypatch):
    def metric():
        return Metric("weight", lambda net: float(net.readout.bias.detach().sum()), higher_is_better=True)

    options = {"epochs": 30, "patience": 3, "learning_rate": 0.1}
    undisturbed = whole("lanes", tmp_path / "whole", metric=metric(), **options)
    assert undisturbed[1]["ended"] == "patience"
    assert killed("lanes", tmp_path / "killed", 5, monkeypatch, metric=metric(), **options) == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_writes_a_checkpoint_between_two_steps(number, tmp_path, monkeypatch):
    undisturbed = whole("lanes", tmp_path / "whole", checkpoint_seconds=1e9)
    calls, raised, said = [], [], io.StringIO()
    monkeypatch.setattr("elman.train.loop.signal.raise_signal", raised.append)

    def loss(net, batch):
        calls.append(batch)
        if len(calls) == 9 and not raised:
            signal.pthread_kill(threading.get_ident(), number)
        return squares(net, batch)

    def run(**options):
        folder = tmp_path / "killed"
        options = {**HARD, "checkpoint_seconds": 1e9, **options}
        return fit("lanes", network(), coded(dtype=np.float32), checkpoints=folder, said=said, **options)

    _, history = run(loss=loss)
    assert history.interrupted
    assert raised == ([signal.SIGTERM] if number == signal.SIGTERM else [])
    assert "Go on with: fit(..., resume=True)" in said.getvalue()
    assert outcome(tmp_path / "killed", *run(resume=True)) == undisturbed


def test_a_resumed_training_has_the_threads_of_before(tmp_path):
    before = torch.get_num_threads()
    seen = []

    def metric(net):
        seen.append(torch.get_num_threads())
        return 0.5

    fit("lanes", checkpoints=tmp_path, loss=interrupted(3), num_threads=2, metric=Metric("score", metric))
    fit("lanes", checkpoints=tmp_path, resume=True, num_threads=None, metric=Metric("score", metric))
    assert seen == [2] * 4
    assert torch.get_num_threads() == before


def test_a_finished_training_resumed_is_finished(tmp_path):
    undisturbed = whole("sequences", tmp_path)
    never = {"loss": lambda *_: pytest.fail("nothing is left to learn")}
    again = fit("sequences", network(), coded(dtype=np.float32), checkpoints=tmp_path, resume=True, **HARD, **never)
    assert outcome(tmp_path, *again) == undisturbed


def test_the_last_two_are_kept_and_a_bad_newest_one_is_passed_over(tmp_path):
    undisturbed = whole("lanes", tmp_path)
    paths = sorted(tmp_path.glob("step-*"))
    assert len(paths) == 2
    content = bytearray(paths[1].read_bytes())
    content[len(content) // 2] ^= 1
    paths[1].write_bytes(content)
    said = io.StringIO()
    net, history = fit(
        "lanes", network(), coded(dtype=np.float32), checkpoints=tmp_path, resume=True, said=said, **HARD
    )
    assert f"{paths[1].name} is damaged" in said.getvalue()
    assert ": going on from the one before" in said.getvalue()
    assert outcome(tmp_path, net, history) == undisturbed
    (tmp_path / ".elman-0123456789abcdef.safetensors").write_bytes(b"half of a checkpoint")
    Checkpoints(tmp_path).write(10**6, {}, {})
    assert not list(tmp_path.glob(".elman-*"))
    for path in tmp_path.glob("step-*"):
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"no checkpoint in .* is whole \(.*\): train anew, without resume"):
        fit("lanes", network(), coded(dtype=np.float32), checkpoints=tmp_path, resume=True, **HARD)


def test_a_new_training_replaces_one_that_has_ended_and_no_other(tmp_path):
    fit("lanes", checkpoints=tmp_path, epochs=1)
    fit("sequences", checkpoints=tmp_path, epochs=5, loss=interrupted(9), checkpoint_seconds=0)
    before = {path: path.read_bytes() for path in tmp_path.glob("step-*")}
    with pytest.raises(InputError, match=r"of a training that has not ended: go on with it \(resume=True"):
        fit("lanes", checkpoints=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.glob("step-*")} == before
    fit("lanes", checkpoints=tmp_path, overwrite=True)
    assert Checkpoints(tmp_path).latest()[0].metadata["history"]["ended"] == "epochs"


def test_what_is_another_training_is_refused(tmp_path):
    base = {"checkpoints": tmp_path, "batch_size": 4}
    fit("lanes", **base, identity={"data": "a", "codecs": {"input": {"mean": [0]}}}, epochs=1)

    def refused(message, kind="lanes", identity=None, **options):
        identity = {"data": "a", "codecs": {"input": {"mean": [0]}}} if identity is None else identity
        with pytest.raises(InputError, match=message) as found:
            fit(kind, **{**base, "epochs": 1, "resume": True, **options}, identity=identity)
        assert "\n" not in str(found.value)

    refused("the data are not those that the training of .* had", identity={"data": "b", "codecs": 3})
    refused(
        r"mean is \[1\], but the training of .* has \[0\]: give the same",
        identity={"data": "a", "codecs": {"input": {"mean": [1]}}},
    )
    refused(r"learning_rate is 0.5, but the training of .* has 0.01: give the same", learning_rate=0.5)
    refused(r"batch_size is 3, but", batch_size=3)
    refused(r"window is 8, but", window=8)
    refused(r"reads is 'sequences', but the training of .* has 'lanes'", kind="sequences")
    refused(r"weight_ih_l0 is \[\[20, 2\], 'torch.float32', True\], but", net=model(torch.float32))
    refused(r"metric is \['bias', False\], but", metric=Metric("bias", lambda net: 1.0, higher_is_better=False))
    refused(r"num_threads is 2, but .* was written with 1: give the same", num_threads=2)
    with filelock.FileLock(tmp_path / "lock"):
        refused("another training writes to")
    with pytest.raises(InputError, match="resume is True, but there are no checkpoints"):
        fit("lanes", resume=True)


def test_a_checkpoint_never_holds_what_is_not_finite(tmp_path):
    with pytest.raises(InputError, match="holds NaN"):
        Checkpoints(tmp_path).write(1, {"w": np.array([np.nan])}, {})
    assert list(tmp_path.iterdir()) == []
    calls = []

    def loss(net, batch):
        calls.append(batch)
        found = squares(net, batch)
        bad = len(calls) in (5, 6)
        return BatchLoss(found.total * float("nan"), found.count, found.state) if bad else found

    _, history = fit("lanes", checkpoints=tmp_path, checkpoint_seconds=0, loss=loss)
    assert [epoch.skipped for epoch in history.epochs] == [2, 0, 0, 0]
    for path in tmp_path.glob("step-*"):
        assert Checkpoints(path.parent).latest()[1] == []


def test_a_lane_whose_state_is_lost_goes_on_from_zero():
    """NaN in the data: the step is skipped, and the windows after it can be learned from."""
    data = coded()
    data.inputs.values[20] = np.nan
    _, history = fit("lanes", data=data, epochs=2)
    assert [epoch.skipped for epoch in history.epochs] == [1, 1]


def test_a_full_disk_loses_nothing(tmp_path):
    """The limit on the size of a file stands for a full disk."""
    undisturbed = whole("lanes", tmp_path / "whole", epochs=6)
    said, limits = io.StringIO(), resource.getrlimit(resource.RLIMIT_FSIZE)
    calls = []

    def loss(net, batch):
        calls.append(batch)
        if len(calls) == 30:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        return squares(net, batch)

    def run(**options):
        return fit(
            "lanes", network(), coded(dtype=np.float32), checkpoints=tmp_path / "full", epochs=6, **HARD, **options
        )

    try:
        net, _ = run(loss=loss, said=said)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot be written" in said.getvalue()
    assert "training goes on, and what was saved before stands" in said.getvalue()
    assert content(net) == undisturbed[0]  # training itself was not disturbed
    at = Checkpoints(tmp_path / "full").latest()[0].metadata["position"]
    assert 0 < at["step"] < undisturbed[4]["step"]
    assert outcome(tmp_path / "full", *run(resume=True)) == undisturbed
    assert not list((tmp_path / "full").glob(".elman-*"))


def test_the_history_is_written_after_every_epoch(tmp_path):
    log = tmp_path / "m.history.jsonl"
    lines = []

    def metric(net):
        lines.append(log.read_text().count("\n") if log.exists() else 0)
        return 0.5

    fit("sequences", log=log, metric=Metric("accuracy", metric))
    assert lines == [0, 1, 2, 3]
    assert [json.loads(line)["epoch"] for line in log.read_text().splitlines()] == [1, 2, 3, 4]


def test_a_checkpoint_of_another_kind_is_not_taken(tmp_path):
    write_model(tmp_path / "step-000000000009.safetensors", {"w": np.zeros(2)}, {"kind": "state"})
    with pytest.raises(InputError, match="is no checkpoint"):
        fit("lanes", checkpoints=tmp_path, resume=True)
    Checkpoints(tmp_path / "older").write(9, {"w": np.zeros(2)}, {"position": {"step": 9}})
    with pytest.raises(InputError, match="was written by another version of elman: train anew, without resume"):
        fit("lanes", checkpoints=tmp_path / "older", resume=True)
