"""Small tasks that show what a network remembers, each with exact answers, and how far back lies what they take."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NOT_ASKED = -1  # among targets: at this step there is no question

SYMBOLS = 6  # of echo
MARKED = 0.05  # the probability of a mark at a step
LAGS = 20  # of delay: all of 1 to so many at once
DELAYED = 4  # symbols of delay
KINDS = 3  # of brackets
DEEPEST = 4  # brackets that are open at the same time
NEAR = 0.04  # an error of adding that is still right, as Hochreiter and Schmidhuber count


@dataclass(frozen=True)
class Batch:
    """Sequences and what is to be said of them.

    Args:
        x: the sequences, (B, T, I) float32.
        targets: the right answers at every step, (B, T, K): numbers of alternatives, and `NOT_ASKED` where there is no
            question; or values, float32, and NaN.
        lags: how many steps before the question stands what has to be remembered, (B, T, K).
    """

    x: np.ndarray
    targets: np.ndarray
    lags: np.ndarray

    @property
    def asked(self) -> np.ndarray:
        """Where there is a question, (B, T, K)."""
        asked: np.ndarray = ~np.isnan(self.targets) if self.targets.dtype.kind == "f" else self.targets != NOT_ASKED
        return asked


@dataclass(frozen=True)
class Task:
    """A task of the lab.

    Args:
        title: what it is called.
        sentence: what is asked.
        source: where it is from.
        input_size: I.
        batch: of a generator of random numbers, T and B a batch.
        chance: the share of right answers of one who remembers nothing.
        alternatives: how many there are of each answer; 0: the answer is a value.
        answers: K, how many are given at a step.
        length: T that is proposed.
        least: T at least.
    """

    title: str
    sentence: str
    source: str
    input_size: int
    batch: Callable[[np.random.Generator, int, int], Batch]
    chance: float
    alternatives: int
    answers: int = 1
    length: int = 100
    least: int = 4

    @property
    def output_size(self) -> int:
        """How many outputs a network needs."""
        return self.answers * max(self.alternatives, 1)

    def right(self, outputs: np.ndarray, batch: Batch) -> np.ndarray:
        """Which answers are right, (B, T, K); where there is no question none is.

        Shape:
            outputs (B, T, O)
        """
        if not self.alternatives:
            with np.errstate(invalid="ignore"):
                near: np.ndarray = np.abs(outputs - batch.targets) < NEAR
            return near
        said = outputs.reshape(*outputs.shape[:2], self.answers, self.alternatives).argmax(-1)
        return np.asarray(said == batch.targets)


def echo(random: np.random.Generator, length: int, rows: int) -> Batch:
    """Repeat the symbol that was marked k steps ago.

    A symbol of six comes at every step, one in twenty of them with a mark. At every step from the first mark on the
    symbol that was marked last is asked for: k steps ago, where k is 0 at the mark and grows until the next one. All
    other symbols are to be ignored, though only the mark tells them apart.

    Source: the latch and flip-flop tasks of Bengio, Simard and Frasconi 1994 and of Sussillo and Barak 2013, with
    distractors of the same alphabet as in Hochreiter and Schmidhuber 1997.

    Example:
        >>> batch = echo(np.random.default_rng(0), 100, 2)
        >>> batch.x.shape, batch.targets.shape
        ((2, 100, 7), (2, 100, 1))
    """
    symbols = random.integers(0, SYMBOLS, (rows, length))
    marks = random.random((rows, length)) < MARKED
    steps = np.arange(length)
    last = np.maximum.accumulate(np.where(marks, steps, -1), axis=1)  # where the last mark stands
    targets = np.where(last >= 0, np.take_along_axis(symbols, np.maximum(last, 0), 1), NOT_ASKED)
    x = np.concatenate([one_hot(symbols, SYMBOLS), marks[..., np.newaxis]], 2, dtype=np.float32)
    return Batch(x, targets[..., np.newaxis], np.where(last >= 0, steps - last, 0)[..., np.newaxis])


def delay(random: np.random.Generator, length: int, rows: int) -> Batch:
    """Repeat every symbol k steps later, for k = 1 to 20, all at once.

    At every step one symbol of four comes, and twenty answers are asked for: the symbol of one step ago, of two, and so
    on. Nothing may be ignored; a network has to hand on all it knows from step to step. Here a gate does not help.

    Source: the short-term memory capacity of Jaeger 2001, GMD Report 152, with symbols for numbers.
    """
    symbols = random.integers(0, DELAYED, (rows, length))
    targets = np.full((rows, length, LAGS), NOT_ASKED)
    for lag in range(1, min(LAGS, length - 1) + 1):
        targets[:, lag:, lag - 1] = symbols[:, :-lag]
    lags = np.broadcast_to(np.arange(1, LAGS + 1), targets.shape)
    return Batch(one_hot(symbols, DELAYED), targets, lags)


def adding(random: np.random.Generator, length: int, rows: int) -> Batch:
    """Add two numbers of a sequence, those that are marked.

    At every step comes a number from 0 to 1; one in each half of the sequence is marked. After the last step their sum
    is asked for; an answer is right if it is off by less than 0.04. The lag is that of the first of the two.

    Source: Hochreiter and Schmidhuber 1997, experiment 4, in the form of Le, Jaitly and Hinton 2015, arXiv:1504.00941;
    whoever always says 1 has the squared error 1/6.
    """
    numbers = random.random((rows, length), np.float32)
    half = length // 2
    first, second = random.integers(0, half, rows), random.integers(half, length, rows)
    marks = np.zeros((rows, length), np.float32)
    every = np.arange(rows)
    marks[every, first] = marks[every, second] = 1
    targets = np.full((rows, length, 1), np.nan, np.float32)
    targets[:, -1, 0] = numbers[every, first] + numbers[every, second]
    lags = np.zeros((rows, length, 1), np.int64)
    lags[:, -1, 0] = length - 1 - first
    return Batch(np.stack([numbers, marks], 2), targets, lags)


def parity(random: np.random.Generator, length: int, rows: int) -> Batch:
    """Say at every step whether the number of ones so far is odd.

    A bit comes at every step, as -1 or 1; the answer is the exclusive or of all of them. The lag is that of the first
    bit: one that was forgotten makes the answer a guess.

    Source: Minsky and Papert, Perceptrons, 1969; in time as in Hochreiter and Schmidhuber 1997, section 5.
    """
    bits = random.integers(0, 2, (rows, length))
    targets = np.bitwise_xor.accumulate(bits, axis=1)
    lags = np.broadcast_to(np.arange(length), bits.shape)
    return Batch((2 * bits - 1)[..., np.newaxis].astype(np.float32), targets[..., np.newaxis], lags[..., np.newaxis])


def brackets(random: np.random.Generator, length: int, rows: int) -> Batch:
    """Say of every closing bracket which kind it has to be.

    Brackets of three kinds open, at most four inside each other; the input says that one closes, but not its kind: it
    has to match the innermost one that is open. Where both can come each has the probability 1/2. The lag is the way
    back to the opening bracket.

    Source: the Dyck language of Chomsky and Schützenberger 1963, of bounded depth as in Hewitt et al. 2020,
    arXiv:2010.07515.
    """
    opens, kinds = random.random((rows, length)) < 0.5, random.integers(0, KINDS, (rows, length))
    x = np.zeros((rows, length, KINDS + 1), np.float32)
    targets, lags = np.full((rows, length, 1), NOT_ASKED), np.zeros((rows, length, 1), np.int64)
    every = np.arange(rows)
    stack = np.zeros((rows, DEEPEST), np.int64)  # the steps at which those that are open were opened
    depth = np.zeros(rows, np.int64)
    for t in range(length):
        opening = (depth == 0) | (opens[:, t] & (depth < DEEPEST))
        closing = ~opening
        x[every, t, np.where(opening, kinds[:, t], KINDS)] = 1
        begun = stack[every, depth - 1]
        targets[closing, t, 0] = kinds[every, begun][closing]
        lags[closing, t, 0] = (t - begun)[closing]
        stack[every[opening], depth[opening]] = t
        depth += np.where(opening, 1, -1)
    return Batch(x, targets, lags)


def one_hot(symbols: np.ndarray, size: int) -> np.ndarray:
    """(...) numbers below size -> (..., size) float32."""
    return np.asarray(np.eye(size, dtype=np.float32)[symbols])


TASKS: dict[str, Task] = {
    "echo": Task(
        "Echo",
        "One symbol in twenty is marked: repeat the marked one, k steps later, whatever comes in between.",
        "Bengio, Simard and Frasconi 1994; Sussillo and Barak 2013",
        SYMBOLS + 1,
        echo,
        1 / SYMBOLS,
        SYMBOLS,
    ),
    "delay": Task(
        "Delay",
        "Repeat every symbol k steps later, for k = 1 to 20 at once: nothing may be ignored, and a gate is no help.",
        "Jaeger 2001",
        DELAYED,
        delay,
        1 / DELAYED,
        DELAYED,
        answers=LAGS,
        length=40,
        least=LAGS + 1,
    ),
    "adding": Task(
        "Adding",
        "Two numbers of the sequence are marked: say their sum at its end, within 0.04.",
        "Hochreiter and Schmidhuber 1997; Le, Jaitly and Hinton 2015",
        2,
        adding,
        1 - (1 - NEAR) ** 2,  # of those who always say 1: both differences, taken over the triangle of sums
        0,
        length=60,
    ),
    "parity": Task(
        "Parity",
        "Say at every step whether the number of ones so far is odd: no bit may be forgotten.",
        "Minsky and Papert 1969; Hochreiter and Schmidhuber 1997",
        1,
        parity,
        1 / 2,
        2,
    ),
    "brackets": Task(
        "Brackets",
        "Say of every closing bracket which of three kinds it has to be, to match the one that it closes.",
        "Chomsky and Schützenberger 1963; Hewitt et al. 2020",
        KINDS + 1,
        brackets,
        1 / KINDS,
        KINDS,
        length=60,
    ),
}
