"""Names for emoji that the network has never seen, such as a drawing of a woman pilot.

It takes some minutes; the drawings (74 MB) are fetched once. All skin tones of a drawing are held out together.
"""

import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

import elman
from elman import datasets


def main(table: pd.DataFrame, epochs: int = 20, shown: int = 12) -> dict[str, float]:
    """Train on drawings, name those whose base was held out, and measure the names."""
    rest, out = next(GroupShuffleSplit(1, test_size=0.1, random_state=0).split(table, groups=table["base"]))
    X, y = [Path(image) for image in table["image"]], table["caption"].tolist()
    captioner = elman.Captioner(level="subwords", image_size=32, epochs=epochs, batch_size=16, num_threads=1)
    captioner.fit([X[row] for row in rest], [y[row] for row in rest])
    held_out, right = [X[row] for row in out], [y[row] for row in out]
    for path, text, name in list(zip(held_out, captioner.predict(held_out), right, strict=True))[:shown]:
        print(f"{path.name:<40}{text:<50}{name}")
    measured = captioner.evaluate(held_out, right)
    print(", ".join(f"{name} {value:.4f}" for name, value in measured.items()))
    return measured


if __name__ == "__main__":
    main(datasets.load("emoji"), *map(int, sys.argv[1:]))
