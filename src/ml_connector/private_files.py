"""Files that others must not read: written whole, and nowhere else than where they are wanted.

Another user of the machine may write in the same folder. So no name beside the wanted one can
be guessed, no link is followed, no file that is there already is written into, and a new file
is never more open than its mode says, whatever lay there before.

Root works for the service at times. What it leaves in the service's folder belongs to the
service (``keep_owner``); what it writes anywhere else stays root's.
"""

import contextlib
import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TextIO

PRIVATE: Final = 0o600
"""For secrets, backups and bodies: nobody but the owner."""

REPORT: Final = 0o640
"""For reports: the owner's group may read them as well."""

_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = PRIVATE, keep_owner: bool = False) -> Iterator[BinaryIO]:
    """Write a file beside its place, and put it there when all of it is on the disk.

    What was there is replaced, a link too. When the block fails, it stays, and nothing of the
    new file is left.

    Args:
        path: the place.
        mode: of the new file, at most.
        keep_owner: root gives it to the owner of what was there, with at most its mode; or to
            the owner of the folder.

    Raises:
        OSError: it can't be written; or a device, a pipe or the like is there.
    """
    before = _what_is_there(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with new(beside, mode=mode) as file:
            yield file
            if keep_owner:
                _give_back(file.fileno(), before, path.parent)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync(path.parent)


@contextlib.contextmanager
def replacing_text(path: Path, *, mode: int = PRIVATE, newline: str = "\n") -> Iterator[TextIO]:
    """Write a file of text in UTF-8, as ``replacing`` does.

    Raises:
        OSError: as there.
    """
    with replacing(path, mode=mode) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline=newline)
        yield text
        text.detach()  # what it holds goes into the file, which is not closed


@contextlib.contextmanager
def new(path: Path, *, mode: int = PRIVATE, keep_owner: bool = False) -> Iterator[BinaryIO]:
    """Write a file that is not there yet; on the disk after the block.

    When the block fails, nothing of it is left.

    Args:
        path: its place.
        mode: at most.
        keep_owner: root gives it to the owner of the folder.

    Raises:
        FileExistsError: something is there already, be it a link.
        OSError: it can't be written.
    """
    descriptor = os.open(path, _NEW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if keep_owner:
                _give_back(descriptor, None, path.parent)
            yield file
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def opened(path: Path, flags: int) -> int:
    """Open a file that several processes share, or make it; return its descriptor.

    What root makes in a user's folder is the user's.

    Args:
        path: no link.
        flags: of ``open``, for reading or writing.

    Raises:
        OSError: it can't be opened.
    """
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        # Only what is made here is given away: a file that is there may be a link to another.
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, PRIVATE)
            _give_back(descriptor, None, path.parent)
            return descriptor
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags)


def make_folder(path: Path, *, mode: int = 0o750, keep_owner: bool = False) -> None:
    """Make a folder and what is missing above it; nothing where it is there.

    Args:
        path: of the folder.
        mode: of those that are made, at most.
        keep_owner: root gives each that is made to the owner of the one above.

    Raises:
        OSError: it can't be made.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        if keep_owner and os.geteuid() == 0:
            above = one.parent.stat()
            os.chown(one, above.st_uid, above.st_gid, follow_symlinks=False)


def close_to_others(path: Path, *, mode: int = REPORT, keep_owner: bool = False) -> None:
    """Let a file that a library has written, in a folder of ours, be no more open than a mode.

    Args:
        path: of the file, which nobody else can reach yet.
        mode: at most.
        keep_owner: root gives it to the owner of the folder that its folder is in.
    """
    path.chmod(stat.S_IMODE(path.stat().st_mode) & mode)
    if keep_owner and os.geteuid() == 0:
        above = path.parent.parent.stat()
        os.chown(path, above.st_uid, above.st_gid, follow_symlinks=False)


def _what_is_there(path: Path) -> os.stat_result | None:
    """Return what a file is about to replace; None for nothing.

    Raises:
        OSError: it is no file, nor a link to one: a rename would put a file in its place.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
        raise OSError(kind, "It is not an ordinary file", str(path))
    return found


def _give_back(descriptor: int, before: os.stat_result | None, folder: Path) -> None:
    if before is not None:
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & os.fstat(descriptor).st_mode)
    if os.geteuid() == 0:
        owner = before or folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    opened_folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened_folder)
    finally:
        os.close(opened_folder)
