"""Puts a throw-away installation in order, also when who made it was killed.

``python -m ml_connector.app.installation.throwaway FOLDER [--remove]`` does nothing until the
process that it belongs to is gone. The other processes end by themselves then; what nobody
would end is PostgreSQL, which outlives its owners by design, and what nobody would remove is
the folder.
"""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ml_connector.app.installation.parent_watch import belonging_to_this, wait_for_parents_end

_OWNERS_SECONDS: Final = 30.0  # serve takes ten to end

_REMOVE: Final = "--remove"
_TRIES: Final = 20
_TRY_AGAIN_SECONDS: Final = 0.5


@contextlib.contextmanager
def cared_for(folder: Path, *, remove: bool) -> Iterator[None]:
    """Have the folder put in order if this process is killed within the block.

    Args:
        folder: the installation's data folder; it need not exist yet.
        remove: whether it goes too, or only PostgreSQL.
    """
    command = [sys.executable, "-m", "ml_connector.app.installation.throwaway", str(folder)]
    caretaker = subprocess.Popen(  # noqa: S603 - our own command
        [*command, _REMOVE] if remove else command,
        env=belonging_to_this(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Whoever kills our whole group kills no caretaker.
        start_new_session=True,
    )
    try:
        yield
    finally:
        caretaker.kill()
        caretaker.wait()


def clear(folder: Path) -> bool:
    """Stop what a killed process left in the folder, and remove it.

    Returns:
        Whether it is gone; False when processes go on using its database, or writing there.
    """
    for _ in range(_TRIES):
        if not _stop_database(folder):
            return False
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
        time.sleep(_TRY_AGAIN_SECONDS)  # somebody was just about to end, and wrote something
    return False


def main() -> None:
    """Wait for the end of the process that this one belongs to; then put things in order."""
    folder, remove = Path(sys.argv[1]), _REMOVE in sys.argv[2:]
    wait_for_parents_end()
    if remove:
        clear(folder)
    else:
        _stop_database(folder)


def _stop_database(folder: Path) -> bool:
    # It takes a while to load, and the caretaker is there for nothing most of the time.
    from ml_connector.storage import embedded  # noqa: PLC0415 - see above

    return embedded.stop_left_over(folder, wait_seconds=_OWNERS_SECONDS)


if __name__ == "__main__":
    main()
