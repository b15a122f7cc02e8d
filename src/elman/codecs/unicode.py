"""What Python takes for text and no file can hold."""

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
