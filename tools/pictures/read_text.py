"""Text that is read: which language a surname is of, which words of a sentence are what."""

import random

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import elman
from elman import datasets
from pictures.paper import BLUE, INK, ORANGE, PALE, RULE, TRAINING, blank, width

SURNAMES = ("Esposito", "Kowalczyk", "Fitzgerald")  # the classifier never sees them
SHOWN = 3  # languages of each
CITIES = ("rome", "paris", "new york", "san marino", "oslo", "lima")
DAYS = ("monday", "friday", "next week", "tuesday morning")
LINES = ("on friday evening fly", "from lima to new paris")  # "evening" and "new paris" were never there
LARGE = 17
COLOURS = {"city": BLUE, "day": ORANGE}


def classify() -> Figure:
    """The likeliest languages of three surnames, each with its probability."""
    table = datasets.load("surnames").sample(6000, random_state=0)
    table = table[~table["name"].isin(SURNAMES)]
    classifier = elman.Classifier(hidden_size=48, epochs=6, **TRAINING).fit(table["name"], table["language"])
    found = classifier.predict_proba(list(SURNAMES))
    figure, axes = blank()
    for row, (name, own) in enumerate(zip(SURNAMES, found, strict=True)):
        top = 150 - 52 * row
        axes.text(12, top - 19, name, size=13, color=INK, va="center")
        for place, k in enumerate(own.argsort()[::-1][:SHOWN]):
            y = top - 5 - 14 * place
            axes.barh(y, 130 * own[k], 9, left=175, color=BLUE if place == 0 else RULE)
            axes.text(170, y, classifier.classes_[k], size=8, color=INK, ha="right", va="center")
            axes.text(180 + 130 * own[k], y, f"{own[k]:.0%}".replace("%", " %"), size=8, color=PALE, va="center")
    return figure


def tag() -> Figure:
    """A sentence with a box around each span that was found, and its kind below it."""
    draw = random.Random(0)
    X, y = zip(*(_trip(draw) for _ in range(400)), strict=True)
    tagger = elman.Tagger(hidden_size=32, epochs=8, **TRAINING).fit(X, y)
    figure, axes = blank()
    tags = iter(tagger.predict([" ".join(LINES).split()])[0])
    for row, line in enumerate(LINES):
        x, y_line, spans = 20.0, 108 - 62 * row, []  # of a span the kind, where it begins and where it ends
        for word in line.split():
            wide, one = width(word, LARGE), next(tags)
            axes.text(x, y_line, word, size=LARGE, color=INK)
            if one.startswith("B-"):
                spans.append([one[2:], x - 4, x + wide + 4])
            elif one.startswith("I-"):
                spans[-1][2] = x + wide + 4
            x += wide + 11
        for kind, left, right in spans:
            axes.add_patch(Rectangle((left, y_line - 8), right - left, 27, color=COLOURS[kind], alpha=0.22, lw=0))
            axes.text(left + 1, y_line - 21, kind, size=9, color=COLOURS[kind])
    return figure


def _trip(draw: random.Random) -> tuple[list[str], list[str]]:
    """A sentence that wants to travel, and the tags of its words."""
    to = [("fly", None), ("to", None), (draw.choice(CITIES), "city")]
    came = [("from", None), (draw.choice(CITIES), "city")]
    when = [("on", None), (draw.choice(DAYS), "day")]
    parts = [part for part in (to, came, when) if part is to or draw.random() < 0.7]
    draw.shuffle(parts)
    pairs = [
        (word, f"{'I' if place else 'B'}-{kind}" if kind else "O")
        for part in parts
        for text, kind in part
        for place, word in enumerate(text.split())
    ]
    return [word for word, _ in pairs], [one for _, one in pairs]
