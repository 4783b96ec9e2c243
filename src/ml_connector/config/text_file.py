"""Files that people name: read as text, and no further than a person writes."""

import errno
from pathlib import Path
from typing import Final

MOST_CHARACTERS: Final = 1024 * 1024


def text_of(path: Path) -> str:
    """Return the text of a file.

    It may be a device or a pipe, which need not end.

    Raises:
        FileNotFoundError: there is none.
        OSError: it can't be read, or is larger than a text that a person writes.
        UnicodeDecodeError: it is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except UnicodeDecodeError:
        raise
    except ValueError as error:  # a zero in its path
        raise OSError(errno.EINVAL, "its name is none") from error
    if len(text) > MOST_CHARACTERS:
        raise OSError(errno.EFBIG, f"it is larger than {MOST_CHARACTERS >> 20} MiB")
    return text
