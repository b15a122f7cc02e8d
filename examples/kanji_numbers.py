"""Numbers written in Japanese, translated to English: characters in, words out, and where the network looked."""

import argparse
from pathlib import Path

import numpy as np

import elman
from elman.reports import Report
from elman.tasks.pictures import add_pictures

KANJI = "〇一二三四五六七八九"
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_japanese(number: int) -> str:
    """三千五百二十 for 3520: a digit before each of thousand, hundred and ten, but no one."""
    text = ""
    for place, name in ((1000, "千"), (100, "百"), (10, "十")):
        digit = number // place % 10
        text += f"{KANJI[digit] if digit > 1 else ''}{name}" if digit else ""
    return text + (KANJI[number % 10] if number % 10 or not number else "")


def in_english(number: int) -> str:
    """Three thousand five hundred twenty."""
    if number >= 1000:
        return f"{ONES[number // 1000]} thousand {in_english(number % 1000) if number % 1000 else ''}".strip()
    if number >= 100:
        return f"{ONES[number // 100]} hundred {in_english(number % 100) if number % 100 else ''}".strip()
    if number < 20:
        return ONES[number]
    return f"{TENS[number // 10 - 2]} {ONES[number % 10] if number % 10 else ''}".strip()


def main(numbers: int = 2000, epochs: int = 20, page: Path = Path("kanji_numbers.html")) -> dict[str, float]:
    """Learn from so many random numbers below 10,000, and translate others.

    Args:
        numbers: to learn from.
        epochs: passes over them.
        page: for the pictures.
    """
    drawn = np.random.default_rng(0).permutation(10_000).tolist()
    learned, others = drawn[:numbers], drawn[numbers : numbers + 500]
    translator = elman.Translator(hidden_size=64, batch_size=32, learning_rate=0.005, epochs=epochs, num_threads=1)
    translator.fit([in_japanese(n) for n in learned], [in_english(n) for n in learned])

    X = [in_japanese(n) for n in others]
    measured = translator.evaluate(X, [in_english(n) for n in others])
    print(", ".join(f"{name} {value:.4f}" for name, value in measured.items()))
    for n, x, text in zip(others[:8], X, translator.predict(X[:8]), strict=False):
        print(f"{n:5} {x}  {text}{'' if text == in_english(n) else '  (wrong)'}")
    report = Report("Numbers: where the network looked")
    add_pictures(report, translator, X[:4], X[:4])
    report.write(page)
    print(f"look at {page}")
    return measured


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--numbers", type=int, default=2000)
    flags.add_argument("--epochs", type=int, default=20)
    flags.add_argument("--page", type=Path, default=Path("kanji_numbers.html"))
    main(**vars(flags.parse_args()))
