from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import InputError
from elman.models import Feedforward
from elman.tasks.baseline import fit_feedforward, parameters

OPTIONS: dict[str, Any] = {"hidden_size": 6, "epochs": 8, "num_threads": 1, "verbose": 0, "batch_size": 8}
generator = np.random.default_rng(0)


def test_a_window_that_sees_the_answer_wins() -> None:
    """The value of three steps ago: three steps or fewer cannot hold it, four can."""
    X = [generator.normal(size=(12, 1)) for _ in range(60)]
    y = [np.concatenate([np.full(3, np.nan), x[:-3, 0]]) for x in X]
    tried: list[tuple[int, int]] = []
    network = elman.Regressor(**OPTIONS | {"epochs": 20, "learning_rate": 0.02}).fit(X, y)
    config = dict(network.model_config_)
    plain = fit_feedforward(network, X, y, announce=lambda *one: tried.append(one))
    assert [window for window, _ in tried] == [1, 2, 4, 8]  # 16 cannot be made equal in size
    assert isinstance(plain, elman.Regressor)
    assert isinstance(plain.model_, Feedforward)
    assert plain.model_config_["window"] >= 4
    assert plain.evaluate(X, y)["r2"] > 0.9
    assert network.model_config_ == config


@pytest.mark.parametrize("kind", ["texts", "vectors"])
def test_sizes_and_validation_data_are_equal(kind: str, tmp_path: Path) -> None:
    lengths = generator.integers(0, 9, 40)
    X: list[Any] = ["".join(generator.choice(list("abcd"), T)) for T in lengths]
    if kind == "vectors":
        X = [generator.normal(size=(T, 3)) for T in lengths]
    y = [["even", "odd"][T % 2] for T in lengths]
    network = elman.Classifier(**OPTIONS).fit(X, y)
    plain = fit_feedforward(network, X, y)
    assert abs(parameters(plain.model_) / parameters(network.model_) - 1) <= 0.02
    assert plain.prepared(X, y)[1].digest == network.prepared(X, y)[1].digest  # type: ignore[union-attr]
    assert plain.history_.metric == "accuracy"
    plain.save(tmp_path / "plain.safetensors")
    assert (elman.load(tmp_path / "plain.safetensors").predict_proba(X) == plain.predict_proba(X)).all()  # type: ignore[attr-defined]


def test_a_tagger_s_window_has_its_step_in_the_middle(tmp_path: Path) -> None:
    """The tag is the word behind: a window of one cannot see it, one of three can; and it has the same ends."""
    X = [generator.choice(list("abcd"), 8).tolist() for _ in range(80)]
    y = [[*(f"X{word}" for word in words[1:]), "Xa"] for words in X]
    network = elman.Tagger(**OPTIONS | {"epochs": 30, "learning_rate": 0.02}).fit(X, y)
    tried: list[int] = []
    plain = fit_feedforward(network, X, y, announce=lambda window, _: tried.append(window))
    assert tried == [1, 3]  # wider ones cannot be made equal in size
    config = plain.model_config_
    assert config["centred"]
    assert config["window"] > 1
    assert all(config[name] == network.model_config_[name] for name in ("crf", "num_characters", "spelling_size"))
    assert abs(parameters(plain.model_) / parameters(network.model_) - 1) <= 0.02
    assert plain.score(X, y) > 0.95
    plain.save(tmp_path / "plain.safetensors")
    assert elman.load(tmp_path / "plain.safetensors").predict(X) == plain.predict(X)  # type: ignore[attr-defined]


def test_what_it_refuses() -> None:
    X, y = ["a", "b", "ab", "ba"], [1.0, 2.0, 3.0, 4.0]
    translator = elman.Translator(**OPTIONS | {"epochs": 1}).fit(X, X)
    with pytest.raises(InputError, match="translator has no feedforward baseline"):
        fit_feedforward(translator, X, X)
    network = elman.Regressor(**OPTIONS | {"epochs": 1}, validation_fraction=0).fit(X, y)
    with pytest.raises(InputError, match="validation_fraction is 0"):
        fit_feedforward(network, X, y)
