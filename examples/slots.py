"""What a command to a house is about: rooms, lamps and numbers in sentences of a form that was never seen."""

import argparse

import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

import elman
import elman.datasets


def main(table: pd.DataFrame, epochs: int = 4) -> dict[str, float]:
    """Learn from nine tenths of the templates; tag the sentences of the others.

    Args:
        table: text and tags with blanks between words, and the template that each sentence was made from.
        epochs: passes over the sentences.
    """
    X, y = ([cell.split() for cell in table[name]] for name in ("text", "tags"))
    rest, out = next(GroupShuffleSplit(1, test_size=0.1, random_state=0).split(X, groups=table["template"]))
    tagger = elman.Tagger(epochs=epochs, num_threads=1)
    tagger.fit([X[k] for k in rest], [y[k] for k in rest])

    measured = tagger.evaluate([X[k] for k in out], [y[k] for k in out])
    print(", ".join(f"{name} {value:.4f}" for name, value in measured.items()))
    chosen = [X[k] for k in out[:: max(len(out) // 8, 1)]]
    for words, spans in zip(chosen, tagger.predict_spans(chosen), strict=True):
        named = ", ".join(f"{one.kind} = {' '.join(words[one.start : one.stop])}" for one in spans)
        print(f"{' '.join(words)}\n    {named or 'nothing named'}")
    return measured


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--rows", type=int, default=None, help="so many random sentences only")
    flags.add_argument("--epochs", type=int, default=4)
    asked = flags.parse_args()
    intents = elman.datasets.load("intents")  # fetched once
    main(intents if asked.rows is None else intents.sample(asked.rows, random_state=0), asked.epochs)
