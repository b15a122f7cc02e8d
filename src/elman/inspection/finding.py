"""What the results of all inspections have in common: a sentence, a table, a picture, and both in a notebook."""

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from elman.reports.palette import declarations
from elman.reports.report import escaped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_PREFIX = "elman-finding"  # until it is known which finding it is
_CARD = "background:var(--paper);color:var(--ink);padding:0.7em 1em;max-width:max-content"


class Finding(ABC):
    """What an inspection found: numbers, which a sentence, a table and a picture show.

    Each is a frozen dataclass of NumPy arrays: `@dataclass(frozen=True, eq=False, repr=False)`.
    """

    @abstractmethod
    def sentence(self) -> str:
        """What the picture shows, and the main thing that was found."""

    @abstractmethod
    def to_frame(self) -> "pd.DataFrame":
        """The numbers in long form, one line for each."""

    @abstractmethod
    def plot(self) -> "Figure":
        """The picture; it has no part in pyplot."""

    def __repr__(self) -> str:
        """The sentence."""
        return f"<{type(self).__name__}: {self.sentence()}>"

    def _repr_html_(self) -> str:
        """The sentence and the picture, on paper of their own, since a notebook does not say whether it is dark."""
        from elman.reports.picture import inline_svg

        words, svg = escaped(self.sentence()), inline_svg(self.plot(), _PREFIX)
        # Identifiers are the whole notebook's: those of two pictures must differ.
        svg = svg.replace(_PREFIX, f"f{hashlib.sha256(svg.encode()).hexdigest()[:12]}")
        svg = svg.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)
        return f'<div style="{declarations(dark=False)}{_CARD}"><p>{words}</p>\n{svg}\n</div>'
