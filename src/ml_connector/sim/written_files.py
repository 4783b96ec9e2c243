"""Files that people wrote for a simulator: read no further than a person writes."""

import errno
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 1024 * 1024


def bytes_of(path: Path) -> bytes:
    """Return what is in a file, which may be a device or a pipe that does not end.

    Raises:
        OSError: it can't be read, or is larger than what a person writes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except ValueError as error:  # a zero in its path
        raise OSError(errno.EINVAL, "its name is none") from error
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {_MOST_BYTES >> 20} MiB")
    return content
