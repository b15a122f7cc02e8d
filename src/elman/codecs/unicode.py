"""Text as Unicode has it: one form, and no half characters, which no file can hold."""

import unicodedata

from elman.errors import InputError


def check_unicode(text: str, name: str) -> None:
    """Refuse half of a surrogate pair, as wrongly decoded bytes leave it: UTF-8 has no form for it.

    Raises:
        InputError: there is one; the message calls the text `name`.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name} is not valid Unicode: character {error.start} is U+{ord(text[error.start]):04X}, "
            "half of a surrogate pair: read it as UTF-8"
        ) from error


def normalise(text: str) -> str:
    """A text in Unicode's composed form (NFC).

    Raises:
        InputError: it is not valid Unicode.
    """
    if text.isascii():
        return text
    check_unicode(text, "a text")
    return unicodedata.normalize("NFC", text)
