"""Histories: which epoch is best, and the same numbers after writing and reading."""

import json

import pandas as pd
import pytest

from elman.train import Epoch, History, read_history


def history(values, *, metric=None, higher_is_better=True):
    epochs = [
        Epoch(i, 1 / i, None if metric else value, value if metric else None, 0.1 / i, 2.0 / 3, i * 1.5)
        for i, value in enumerate(values, 1)
    ]
    return History(metric, higher_is_better, epochs, "epochs")


@pytest.mark.parametrize(
    ("kept", "best", "without_gain"),
    [
        (history([0.5, 0.7, 0.7, 0.6], metric="accuracy"), 2, 2),
        (history([0.5, 0.3, 0.3, 0.6], metric="error rate", higher_is_better=False), 2, 2),
        (history([0.5, 0.4, 0.3]), 3, 0),
        (history([None, None]), 2, 0),
        (history([]), None, 0),
    ],
)
def test_best_epoch(kept, best, without_gain):
    assert (kept.best_epoch, kept.epochs_without_gain) == (best, without_gain)


def test_of_equal_epochs_the_one_with_the_lower_validation_loss_is_best():
    epochs = [Epoch(i, 1.0, loss, 0.9, 0.1, 1.0) for i, loss in enumerate([0.5, 0.3, 0.3, 0.4], 1)]
    assert History("accuracy", True, epochs).best_epoch == 2
    worse = Epoch(5, 1.0, 0.1, 0.8, 0.1, 1.0)
    assert History("accuracy", True, [*epochs, worse]).best_epoch == 2
    assert History("error rate", False, [*epochs, worse]).best_epoch == 5


def test_json_lines_give_the_table_back(tmp_path):
    kept = history([0.1, 1 / 3], metric="word accuracy")
    kept.write(tmp_path / "m.history.jsonl")
    first = json.loads((tmp_path / "m.history.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["word accuracy"] == 0.1
    assert first["seconds"] == 1.5
    pd.testing.assert_frame_equal(read_history(tmp_path / "m.history.jsonl"), kept.to_frame())


def test_the_model_file_gets_no_times():
    kept = history([0.1, 1 / 3], metric="accuracy")
    config = json.loads(json.dumps(kept.to_config()))
    assert "seconds" not in json.dumps(config)
    back = History.from_config(config)
    assert back.to_config() == kept.to_config()
    assert (back.best_epoch, back.ended, back.epochs[1].metric) == (2, "epochs", 1 / 3)
