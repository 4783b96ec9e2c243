"""Clears a throw-away installation, also when the process that made it was killed.

``python -m ml_connector.app.installation.throwaway FOLDER [--remove]`` does nothing until the
process that it belongs to is gone. The other processes of the installation end by themselves
then. PostgreSQL outlives its owners by design, so it is stopped here; with ``--remove`` the
folder is removed as well.
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
from ml_connector.no_core_dumps import forbid_core_dumps
from ml_connector.own_python import MODULE

_OWNERS_SECONDS: Final = 30.0  # serve takes ten to end

_REMOVE: Final = "--remove"
_TRIES: Final = 20
_TRY_AGAIN_SECONDS: Final = 0.5


@contextlib.contextmanager
def cleared_if_killed(folder: Path, *, remove: bool) -> Iterator[None]:
    """Have the installation in a folder cleared if this process is killed within the block.

    Args:
        folder: the installation's data folder; it need not exist yet.
        remove: remove the folder; False: only stop PostgreSQL.
    """
    command = [*MODULE, "ml_connector.app.installation.throwaway", str(folder)]
    clearer = subprocess.Popen(  # noqa: S603 - our own command
        [*command, _REMOVE] if remove else command,
        env=belonging_to_this(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A signal to our whole process group must not reach it.
        start_new_session=True,
    )
    try:
        yield
    finally:
        clearer.kill()
        clearer.wait()


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
        time.sleep(_TRY_AGAIN_SECONDS)  # a process that was ending wrote there once more
    return False


def main() -> None:
    """Wait for the end of the process that this one belongs to; then clear its folder."""
    forbid_core_dumps()
    folder, remove = Path(sys.argv[1]), _REMOVE in sys.argv[2:]
    wait_for_parents_end()
    if remove:
        clear(folder)
    else:
        _stop_database(folder)


def _stop_database(folder: Path) -> bool:
    # Loading it takes a while, and most of these processes are ended before they need it.
    from ml_connector.storage import embedded  # noqa: PLC0415 - see above

    return embedded.stop_left_over(folder, wait_seconds=_OWNERS_SECONDS)


if __name__ == "__main__":
    main()
