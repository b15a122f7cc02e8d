"""What is said of labels and tags that a model was never shown, and so cannot predict."""

import warnings
from collections import Counter
from typing import Any

from elman.errors import DataWarning

NAMED = 5


def warn_of_unseen(unseen: Counter[Any], total: int, what: str, counted: str) -> None:
    """Warn by a `DataWarning`, if there are any.

    Args:
        unseen: how often each occurs.
        total: how many labels or tags there are.
        what: they are, such as "sequences have a label".
        counted: how they are counted.
    """
    if not unseen:
        return
    shown = ", ".join(map(repr, list(unseen)[:NAMED])) + (", ..." if len(unseen) > NAMED else "")
    warnings.warn(
        f"{unseen.total():,} of {total:,} {what} not seen in training ({shown}): {counted}", DataWarning, stacklevel=3
    )
