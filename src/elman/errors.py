"""What elman raises when something it was given is wrong: argument, got, expected, remedy, in one line."""

import importlib
from collections.abc import Sequence
from types import ModuleType

LISTED = 3  # reasons that a message has


class InputError(ValueError):
    """Something from outside is wrong: an argument, a file, a table, a model.

    The message is one line and says what was wrong, what was found, what was expected and what to do.
    The command line prints it to stderr and exits with 2.
    """


def counted(number: int, what: str) -> str:
    """A number with what it counts, as a message says it.

    Args:
        number: how many.
        what: in the plural, of which one lacks the s at the end.

    Example:
        >>> counted(1, "steps"), counted(2000, "steps")
        ('1 step', '2,000 steps')
    """
    return f"{number:,} {what.removesuffix('s') if number == 1 else what}"


def listed(reasons: Sequence[str]) -> str:
    """The first of several reasons, as a message says them, and how many more there are.

    Example:
        >>> listed(["a is empty", "b is empty", "c is empty", "d is empty"])
        'a is empty; b is empty; c is empty; and 1 more'
    """
    more = f"; and {len(reasons) - LISTED:,} more" if len(reasons) > LISTED else ""
    return "; ".join(reasons[:LISTED]) + more


class MissingColumn(InputError):  # noqa: N818 - it names what is missing
    """A table has no column of this name."""


class DataWarning(UserWarning):
    """Something in the data was left out or is not as expected, and the work went on; the message counts it.

    The command line prints it as a note on stderr.
    """


class EquationError(InputError):
    """A cell's equation cannot be understood, or lies outside the class of equations that elman derives from."""


class MissingExtra(InputError, ImportError):  # noqa: N818 - it names what is missing
    """A library of an optional extra is needed and not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, which comes with `pip install "elman[extra]"`.

    Raises:
        MissingExtra: it is not installed; the message says what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtra(
            f'this needs the library {error.name}, which is not installed: pip install "elman[{extra}]"'
        ) from None
