"""The folder in which the processes of one ``serve`` count together.

Each of them has its counters in files that it maps into its memory. On a full disk the kernel
kills who writes into such a file, so they lie in memory and not beside the data.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - made there with a random name, for our eyes only
_PREFIX: Final = "ml-connector-metrics-"
_LOCK: Final = "in-use"


@contextlib.contextmanager
def metrics_folder(otherwise: Path) -> Iterator[Path]:
    """Give a new folder for the length of the block, in memory where the system has such a place.

    What a killed ``serve`` has left there is removed.

    Args:
        otherwise: where to make it else.
    """
    _remove_left_over()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_parent(otherwise)) as name:
        folder = Path(name)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(lock)


def _parent(otherwise: Path) -> Path:
    return _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else otherwise


def _remove_left_over() -> None:
    for folder in _MEMORY.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.geteuid() and not _is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    """Whether the one who made it lives: in another container too, where its number says nothing.

    Raises:
        OSError: it is not known, such as in the moment before the lock is taken.
    """
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
