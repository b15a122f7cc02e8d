"""The loop, against results known by other means."""

import copy
import io
import signal
from functools import partial

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import nn

from elman.errors import InputError
from elman.train import BatchLoss, Examples, Metric, Schedule, Settings, reproducible
from elman.train import train as train_loudly
from elman.train.ranks import RankLostError

train = partial(train_loudly, console=Console(file=io.StringIO()))


def squares(model, batch):
    x, y = batch
    return BatchLoss((model(x) - y).square().sum(), len(x))


def examples(x, y):
    return Examples([1] * len(x), lambda indices: (x[indices], y[indices]))


def line(rows=64, dtype=torch.float64):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(rows, 3, generator=generator, dtype=dtype)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]], dtype=dtype) + 0.25
    return x, y + 0.1 * torch.randn(rows, 1, generator=generator, dtype=dtype)


class Echo(nn.Module):
    """A recurrent layer that must remember its input of two steps before; dropout draws random numbers."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 12, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.readout = nn.Linear(12, 1)

    def forward(self, x):
        return self.readout(self.dropout(self.rnn(x)[0]))


def echo_training(seed=0, **settings):
    signals = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (300, 12, 1))).float()

    def collate(indices):
        x = signals[indices]
        return x, x.roll(2, dims=1)

    def xent(model, batch):
        x, y = batch
        total = nn.functional.binary_cross_entropy_with_logits(model(x)[:, 2:], y[:, 2:], reduction="sum")
        return BatchLoss(total, y[:, 2:].numel())

    with reproducible(seed):
        model = Echo()
    chosen = Settings(
        **{"epochs": 30, "batch_size": 32, "learning_rate": 0.02, "seed": seed, "num_threads": 1, **settings}
    )
    history = train(model, xent, Examples([12] * 300, collate), Examples([12] * 50, collate), chosen)
    return model, history


def weights(model):
    return b"".join(tensor.numpy().tobytes() for tensor in model.state_dict().values())


def test_linear_regression_reaches_the_closed_form():
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    train(model, squares, examples(x, y), None, Settings(epochs=400, batch_size=64, learning_rate=0.05))
    ones = torch.cat([x, torch.ones(64, 1, dtype=torch.float64)], 1)
    expected = torch.linalg.lstsq(ones, y).solution.flatten()
    found = torch.cat([model.weight.detach().flatten(), model.bias.detach()])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_a_recurrent_layer_learns_to_echo():
    history = echo_training()[1]
    assert history.epochs[0].training_loss > 0.6  # chance is log 2
    assert history.best.validation_loss < 0.05


def test_equal_seeds_give_equal_bytes_and_disturb_nothing():
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    first, first_history = echo_training(epochs=2)
    drawn = torch.rand(2)
    assert torch.get_num_threads() == threads
    torch.manual_seed(5)
    assert torch.equal(torch.rand(2), drawn)
    second, second_history = echo_training(epochs=2)
    assert weights(first) == weights(second)
    assert first_history.to_config() == second_history.to_config()
    assert weights(first) != weights(echo_training(seed=1, epochs=2)[0])


@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_is_over_valid_steps_however_they_fell_into_batches(weighted):
    lengths = np.array([1, 5, 2, 0, 7, 3, 3])
    x = torch.randn(7, 7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    valid = torch.arange(7) < torch.from_numpy(lengths)[:, None]
    weights = torch.linspace(0.1, 2.0, 49, dtype=torch.float64).view(7, 7) if weighted else torch.ones(7, 7).double()
    model = nn.Linear(3, 1, dtype=torch.float64)
    start = copy.deepcopy(model.state_dict())

    def loss(model, indices):
        w = weights[indices][valid[indices]]
        return BatchLoss(model(x[indices])[valid[indices]].square().flatten() @ w, w.sum().item())

    def run(batch_size, rate):
        model.load_state_dict(start)
        settings = Settings(epochs=1, batch_size=batch_size, learning_rate=rate, clip=0)
        data = Examples(lengths, torch.from_numpy)
        return train(model, loss, data, data, settings).epochs[0]

    whole = model(x)[valid].square().flatten() @ weights[valid] / weights[valid].sum()
    whole.backward()
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()
    one, many = run(7, 1e-12), run(2, 1e-12)  # so small a rate leaves the weights as they are
    assert one.gradient_norm == pytest.approx(norm, rel=1e-9)
    for record in (one, many):
        assert record.training_loss == pytest.approx(whole.item(), rel=1e-8)
        assert record.validation_loss == pytest.approx(whole.item(), rel=1e-8)


@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_two_steps_by_hand(clip):
    x, y = line(8)
    y = y * 10
    model = nn.Linear(3, 1, dtype=torch.float64)
    twin = copy.deepcopy(model)
    history = train(model, squares, examples(x, y), None, Settings(epochs=2, batch_size=8, clip=clip))

    schedule = Schedule(0.002)
    first = [torch.zeros_like(p) for p in twin.parameters()]
    second = [torch.zeros_like(p) for p in twin.parameters()]
    for step in range(2):
        loss = (twin(x) - y).square().mean()
        gradients = torch.autograd.grad(loss, list(twin.parameters()))
        norm = sum(g.square().sum() for g in gradients).sqrt()
        assert history.epochs[step].gradient_norm == pytest.approx(norm.item(), rel=1e-12)
        assert norm > 0.5
        factor = clip / (norm + 1e-6) if clip else 1.0
        for p, g, m, v in zip(twin.parameters(), gradients, first, second, strict=True):
            m.mul_(0.9).add_(0.1 * factor * g)
            v.mul_(0.999).add_(0.001 * (factor * g).square())
            m_hat, v_hat = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
            p.data -= schedule((step + 1) / 2) * m_hat / (v_hat.sqrt() + 1e-8)
        assert history.epochs[step].learning_rate == schedule((step + 1) / 2)
    for found, expected in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def scripted(values, seen):
    """A metric that takes its values from a list and remembers the weights it saw."""
    remaining = iter(values)

    def measure(model):
        assert not model.training
        assert not torch.is_grad_enabled()
        seen.append(copy.deepcopy(model.state_dict()))
        return next(remaining)

    return measure


def assert_weights(model, expected):
    assert_weights_equal(model.state_dict(), expected)


def assert_weights_equal(found, expected):
    assert all(torch.equal(tensor, expected[name]) for name, tensor in found.items())


@pytest.mark.parametrize("sign", [1, -1])
def test_patience_is_counted_and_the_best_weights_come_back(sign):
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    values, seen = [sign * v for v in (0.1, 0.5, 0.5, 0.4, 0.6, 0.6, 0.2, 0.3, 0.9)], []
    metric = Metric("score", scripted(values, seen), higher_is_better=sign > 0)
    data = examples(x, y)
    history = train(model, squares, data, None, Settings(epochs=9, patience=3), metric=metric)
    assert (history.ended, len(history.epochs), history.best_epoch) == ("patience", 8, 5)
    assert_weights(model, seen[4])
    assert not model.training


def test_without_a_metric_the_validation_loss_decides():
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    history = train(model, squares, examples(x, y), examples(x, -y), Settings(epochs=9, patience=2))
    losses = [epoch.validation_loss for epoch in history.epochs]
    assert history.best_epoch == losses.index(min(losses)) + 1
    assert (model(x) + y).square().mean().item() == pytest.approx(min(losses))


def test_a_metric_that_is_the_loss_in_other_units_is_made_of_it():
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    metric = Metric("halves", None, higher_is_better=False, of_loss=lambda loss: 2 * loss)
    history = train(model, squares, examples(x, y), examples(x, -y), Settings(epochs=3), metric=metric)
    assert [one.metric for one in history.epochs] == [2 * one.validation_loss for one in history.epochs]
    assert history.watched == "halves"


def interrupted_training(step, real_signal=False, values=(0.5, 0.4, 0.6)):
    """Ctrl-C in the loss of the given step, counted from 1; there are four in an epoch."""
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    seen, before = [], []

    def loss(model, batch):
        if model.training:
            before.append(copy.deepcopy(model.state_dict()))
            if len(before) == step:
                if not real_signal:
                    raise KeyboardInterrupt
                signal.raise_signal(signal.SIGINT)
        return squares(model, batch)

    console = Console(file=io.StringIO())
    settings = Settings(epochs=9, batch_size=16, verbose=0)
    metric = Metric("score", scripted(values, seen))
    history = train_loudly(model, loss, examples(x, y), None, settings, metric=metric, console=console)
    return model, history, seen, before, console.file.getvalue()


@pytest.mark.parametrize("real_signal", [False, True])
def test_ctrl_c_keeps_the_best_model_and_says_so(real_signal):
    model, history, seen, _, said = interrupted_training(11, real_signal)
    assert (history.interrupted, len(history.epochs), history.best_epoch) == (True, 2, 1)
    assert_weights(model, seen[0])
    assert not model.training
    assert said == "Interrupted in epoch 3: the best model so far is kept, that of epoch 1 (score 0.5000).\n"


def test_ctrl_c_in_the_first_epoch_keeps_the_weights_as_they_are():
    model, history, _, before, said = interrupted_training(3)
    assert history.interrupted
    assert history.epochs == []
    assert_weights(model, before[2])
    assert "before the end of the first epoch" in said


def test_ctrl_c_never_parts_a_step(monkeypatch):
    """A signal while AdamW is at work is heard when all parameters have moved."""
    taken, step = [], torch.optim.AdamW.step

    def noisy(self, *args):
        signal.raise_signal(signal.SIGINT)
        step(self, *args)
        taken.append([p.detach().clone() for p in self.param_groups[0]["params"]])

    monkeypatch.setattr(torch.optim.AdamW, "step", noisy)
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    history = train(model, squares, examples(x, y), None, Settings(epochs=3))
    assert history.interrupted
    assert len(taken) == 1
    assert all(map(torch.equal, model.parameters(), taken[0]))


def test_a_second_ctrl_c_is_an_ordinary_one():
    def loss(model, batch):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError

    history = train(nn.Linear(3, 1, dtype=torch.float64), loss, examples(*line()), None, Settings(epochs=3))
    assert history.interrupted


def test_ctrl_c_while_measuring_is_heard_at_once():
    def measure(model):
        signal.raise_signal(signal.SIGINT)
        raise AssertionError

    model = nn.Linear(3, 1, dtype=torch.float64)
    history = train(model, squares, examples(*line()), None, Settings(average=0.9), metric=Metric("score", measure))
    assert history.interrupted
    assert history.epochs == []


@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_a_step_that_is_not_finite_changes_nothing_and_is_counted(kind):
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    before = []

    def loss(model, batch):
        if model.training:
            before.append(copy.deepcopy(model.state_dict()))
        found = squares(model, batch)
        if len(before) != 6:
            return found
        if kind == "loss":
            return BatchLoss(found.total * float("nan"), found.count)
        return BatchLoss((model(batch[0]) * 0).sqrt().sum(), found.count)  # finite; the root's gradient at 0 is not

    console = Console(file=io.StringIO(), width=200)
    history = train_loudly(
        model, loss, examples(x, y), None, Settings(epochs=2, batch_size=16, verbose=0), console=console
    )
    assert_weights_equal(before[5], before[6])
    assert any(not torch.equal(before[6][name], one) for name, one in before[7].items())
    assert [epoch.skipped for epoch in history.epochs] == [0, 1]
    said = "the loss is nan" if kind == "loss" else "the gradient's norm is no finite number"
    assert console.file.getvalue().startswith("epoch 2, sequences ")
    assert f"and 8 more: {said}: step skipped\n" in console.file.getvalue()


def test_training_stops_after_too_many_such_steps_with_the_best_weights():
    x, y = line()
    model = nn.Linear(3, 1, dtype=torch.float64)
    calls, before = [], []

    def loss(model, batch):
        calls.append(batch)
        before.append(copy.deepcopy(model.state_dict()))
        found = squares(model, batch)
        return BatchLoss(found.total * float("nan"), found.count) if len(calls) >= 6 else found

    message = r"training stopped in epoch 2, sequences .*: 3 steps in a row gave no finite loss or gradient.*"
    with pytest.raises(InputError, match=message + ".*; the model has the weights of epoch 1$"):
        train(model, loss, examples(x, y), None, Settings(batch_size=16, max_skipped=3))
    assert_weights(model, before[4])  # those with which epoch 2 began
    assert not model.training
    with pytest.raises(InputError, match=r"4 steps in a row.*first in the input, row 0, feature 0"):  # all of the epoch
        train(model, squares, examples(x * np.nan, y), None, Settings(batch_size=16))


def test_values_that_are_not_finite_after_an_epoch_stop_training():
    x, y = line()
    model, seen = nn.Linear(3, 1, dtype=torch.float64), []
    metric = Metric("score", scripted([0.1, 0.5, 0.4, float("nan")], seen))
    with pytest.raises(InputError, match=r"the score is nan; .*, after epoch 4; the model has the weights of epoch 2$"):
        train(model, squares, examples(x, y), None, Settings(), metric=metric)
    assert_weights(model, seen[1])
    data, nowhere = examples(x, y), examples(x, y / 0)
    with pytest.raises(InputError, match="the validation loss is inf; NaN or infinity came up first in the loss"):
        train(model, squares, data, nowhere, Settings())


def test_nothing_to_learn_is_refused():
    model = nn.Linear(3, 1)
    with pytest.raises(InputError, match="no sequences to train on"):
        train(model, squares, examples(torch.zeros(0, 3), torch.zeros(0, 1)), None, Settings())
    with pytest.raises(InputError, match="all sequences to train on are empty"):
        train(model, lambda *_: BatchLoss(torch.tensor(0.0), 0), examples(*line(4)), None, Settings())
    for frozen in (nn.Linear(3, 1).requires_grad_(False), nn.Identity()):
        with pytest.raises(InputError, match="the model has no parameters to train"):
            train(frozen, squares, examples(*line(4)), None, Settings())


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("epochs", 0),
        ("batch_size", -1),
        ("patience", 0),
        ("num_threads", 0),
        ("num_threads", 1.5),
        ("epochs", 2.5),
        ("epochs", True),
        ("epochs", None),
        ("batch_size", "8"),
        ("weight_decay", -0.1),
        ("momentum", 1.0),
        ("warm_up", 1.0),
        ("decay", "steep"),
        ("optimizer", "adagrad"),
        ("accumulate", 0),
        ("batch_steps", 0),
        ("max_skipped", 0),
        ("checkpoint_seconds", -1),
        ("average", 1.0),
        ("patience", float("nan")),
        ("learning_rate", "fast"),
        ("clip", None),
        ("seed", -1),
        ("seed", 0.5),
        ("verbose", "1"),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("clip", -1.0),
    ],
)
def test_settings_out_of_range_are_refused(word, value):
    with pytest.raises(InputError, match=f"{'random_state' if word == 'seed' else word} is {value!r}"):
        Settings(**{word: value})


def test_a_skipped_step_leaves_buffers_as_they_were():
    x, y = line()
    x[5, 1] = np.nan
    model = nn.Sequential(nn.BatchNorm1d(3, dtype=torch.float64), nn.Linear(3, 1, dtype=torch.float64))
    history = train(model, squares, examples(x, y), None, Settings(epochs=2, batch_size=8))
    assert [epoch.skipped for epoch in history.epochs] == [1, 1]
    assert model[0].running_mean.isfinite().all()
    assert model[0].num_batches_tracked == 14


def test_gradients_that_something_replaces_are_reduced_all_the_same():
    """A loss that calls model.zero_grad(), and a hook that makes a new tensor."""
    x, y = line()

    def run(loss, hook):
        model = nn.Linear(3, 1, dtype=torch.float64).requires_grad_()
        with torch.no_grad():
            model.weight.fill_(0.1)
            model.bias.fill_(0.2)
        if hook:
            model.weight.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", p.grad.clone()))
        history = train(model, loss, examples(x, y), None, Settings(epochs=2, batch_size=16, clip=0.1))
        return weights(model), history.epochs[-1].gradient_norm

    def forgetful(model, batch):
        model.zero_grad()
        return squares(model, batch)

    plain = run(squares, False)
    assert run(forgetful, False) == run(squares, True) == plain


def test_gradients_are_wanted_whatever_the_caller_has_switched_off():
    with torch.no_grad():
        history = train(nn.Linear(3, 1, dtype=torch.float64), squares, examples(*line()), None, Settings(epochs=2))
    assert history.epochs[1].training_loss < history.epochs[0].training_loss


def test_a_rank_that_is_lost_while_measuring_is_told_as_such():
    def measure(model):
        raise RankLostError("another rank died")

    with pytest.raises(RankLostError, match=r"^another rank died$"):
        train(
            nn.Linear(3, 1, dtype=torch.float64),
            squares,
            examples(*line()),
            None,
            Settings(),
            metric=Metric("m", measure),
        )
