"""What is shown, read back from consoles of known width."""

import io

import pytest
from rich.console import Console

from elman.train import Epoch, History, Progress


def shown(console, *, verbose=1, values=(0.5, 0.4), ended=None, silent=False):
    """The text that a training of 10 epochs has printed, and its bar as it stands."""
    progress = Progress(10, 4, verbose, console, silent=silent)
    history = History("accuracy")
    for number, value in enumerate(values, 1):
        for done in range(1, 5):
            progress.step(number, done, 0.25)
        history.epochs.append(Epoch(number, 0.25, 0.3, value, 0.1, 1.0))
        progress.epoch(history)
    if ended:
        history.ended = ended
        progress.finish(history)
    return console.file.getvalue(), progress


def plain(width=80):
    return Console(file=io.StringIO(), width=width)


def bar(width):
    console = plain(width)
    console.print(shown(plain(), verbose=0)[1])
    return console.file.getvalue().rstrip("\n")


def test_a_line_per_epoch_where_there_is_no_terminal():
    first, second = shown(plain(40))[0].splitlines()  # never wrapped
    assert first.startswith("epoch 1/10  loss 0.2500  accuracy 0.5000 (best)  0:00 left")
    assert second.startswith("epoch 2/10  loss 0.2500  accuracy 0.4000 (best 0.5000)  0:00 left")


def test_the_bar_gives_way_in_a_narrow_terminal():
    wide = bar(100)
    assert "━" in wide
    assert wide.rstrip().endswith("loss 0.2500  accuracy 0.4000 (best 0.5000)  0:00 left")
    assert bar(50).rstrip() == "epoch 2/10  accuracy 0.4000  0:00 left"
    for width in range(26, 100):
        assert "\n" not in bar(width)
        assert "…" not in bar(width)
        assert len(bar(width).rstrip()) <= width - 3


def test_a_terminal_gets_its_cursor_back():
    console = Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"TERM": "xterm"})
    progress = Progress(1, 1, 1, console)
    with pytest.raises(KeyboardInterrupt), progress:
        raise KeyboardInterrupt
    written = console.file.getvalue()
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert written.endswith("\x1b[2K")  # the line is empty again


@pytest.mark.parametrize(
    ("values", "ended", "said"),
    [
        ((0.5, 0.4), "epochs", "Trained for 2 epochs; best: epoch 1 (accuracy 0.5000); 0:00."),
        ((0.5,), "epochs", "Trained for 1 epoch; best: epoch 1 (accuracy 0.5000); 0:00."),
        ((0.5, 0.4), "patience", "Stopped after epoch 2, 1 without gain; best: epoch 1 (accuracy 0.5000); 0:00."),
    ],
)
def test_the_end_is_told(values, ended, said):
    assert shown(plain(), values=values, ended=ended)[0].splitlines()[-1] == said
    assert shown(plain(), verbose=0, values=values, ended=ended)[0] == ""


def test_an_interruption_is_told_even_when_silent():
    said = shown(plain(), verbose=0, ended="interrupted")[0]
    assert said == "Interrupted in epoch 2: the best model so far is kept, that of epoch 1 (accuracy 0.5000).\n"
    said = shown(plain(), verbose=0, values=(), ended="interrupted")[0]
    assert said == "Interrupted before the end of the first epoch.\n"
    assert shown(plain(), ended="interrupted", silent=True)[0] == ""


def test_an_interruption_tells_how_to_go_on():
    progress = Progress(10, 4, 1, console := plain())
    progress.step(3, 2, 0.25)
    progress.finish(History(ended="interrupted"), "elman train --resume")
    assert console.file.getvalue() == "Interrupted in epoch 3. Go on with: elman train --resume\n"


def test_skipped_steps_are_told_a_few_times_and_counted():
    progress = Progress(10, 4, 0, console := plain(200))
    for count in range(1, 9):
        progress.skipped(2, f"sequences {count}", "the loss is nan", count)
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "epoch 2, sequences 1: the loss is nan: step skipped"
    assert len(lines) == 5
    assert lines[-1].endswith("step skipped; further ones of this epoch are counted only")
    progress.step(2, 3, 0.25)
    console.print(progress)
    assert "loss 0.2500, 8 skipped" in console.file.getvalue()


def test_time_left_counts_this_process_only(monkeypatch):
    clock = iter([0.0, 0.0, 10.0])
    monkeypatch.setattr("elman.train.progress.time.perf_counter", lambda: next(clock))
    with Progress(10, 4, 1, console := plain(200)) as progress:
        progress.resume(History(), 9, 2)  # 34 of 40 units are done
        progress.step(9, 4, 0.25)  # 2 more in 10 seconds: 4 are left
        console.print(progress)
    assert "going on in epoch 9 of 10, 50% of it done" in console.file.getvalue()
    assert "0:20 left" in console.file.getvalue()
