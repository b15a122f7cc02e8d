"""Sound that is written down: Morse code as log-mel frames, and when each letter was heard."""

import random
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import elman
from elman.cli.demo_picture import ATTENTION
from elman.codecs.audio import BINS, Sound
from elman.codecs.recording import STEP, log_mel
from pictures.paper import INK, PALE, PAPER, SIZE, TRAINING

CODE = {"a": ".-", "e": ".", "i": "..", "l": ".-..", "m": "--", "n": "-.", "o": "---", "r": ".-.", "s": "...", "t": "-"}
RATE = 8000
TEXT = "listen to me"


def transcribe() -> Figure:
    """The frames of a sound, and below them its text: each letter where the network heard it."""
    draw = random.Random(0)
    texts = [" ".join(_word(draw) for _ in range(draw.randint(1, 2))) for _ in range(600)]
    sounds = [_sound(text, draw) for text in texts]
    transcriber = elman.Transcriber(
        hidden_size=64, epochs=40, batch_size=16, frequency_masks=0, time_masks=0, **TRAINING
    )
    transcriber.fit(sounds, texts)
    sound = _sound(TEXT, draw)
    found = transcriber.align([sound])[0]
    figure = Figure(SIZE, facecolor=PAPER, layout="constrained")
    axes = figure.add_subplot()
    seconds = len(sound.frames) * STEP
    axes.imshow(
        sound.frames.T,
        cmap=ATTENTION,
        aspect="auto",
        origin="lower",
        extent=(0, seconds, 0, BINS),
        vmin=float(np.quantile(sound.frames, 0.8)),
    )
    for letter in (one for one in found.symbols if one.text != " "):
        middle = (letter.start + letter.end) / 2
        axes.text(middle, -3.5, letter.text, size=11, color=INK, ha="center", va="baseline")
        axes.plot([middle, middle], [-1.2, 0], color=PALE, lw=0.8, clip_on=False)
    axes.set_ylabel("pitch", color=PALE)
    axes.set_xlabel(f"{seconds:.1f} seconds", color=PALE, labelpad=16)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def _word(draw: random.Random) -> str:
    return "".join(draw.choice([*CODE]) for _ in range(draw.randint(1, 4)))


def _sound(text: str, draw: random.Random) -> Sound:
    """A text in Morse code at some speed, pitch and noise: dashes last three dots, between words are seven."""
    dots = [(0, 2)]
    for word in text.split():
        for letter in word:
            for mark in CODE[letter]:
                dots += [(1, 1 if mark == "." else 3), (0, 1)]
            dots.append((0, 2))
        dots.append((0, 4))
    dot = round(draw.uniform(0.03, 0.036) * RATE)
    on = np.concatenate([np.full(count * dot, sounds) for sounds, count in dots])
    on = np.convolve(on, np.hanning(80) / np.hanning(80).sum(), "same")
    wave = 0.4 * on * np.sin(2 * np.pi * draw.uniform(550, 700) / RATE * np.arange(len(on)))
    wave += draw.uniform(0.002, 0.02) * np.random.default_rng(len(on)).standard_normal(len(on))
    return Sound(Path(f"{text}.wav"), log_mel(wave.astype(np.float32), RATE, BINS), RATE)
