"""A child process ends when the process that it belongs to has ended, however that happened.

The child watches its parent, because a process that is killed can't tell its children.
"""

import logging
import os
import signal
import threading
import time
from typing import Final

PARENT_VARIABLE: Final = "MLC_INTERNAL_PARENT"
"""Tells a child which process it belongs to."""

_LOOK_FOR_PARENT_SECONDS: Final = 0.5

_log = logging.getLogger("part")


def belonging_to_this(*, with_settings: bool = True) -> dict[str, str]:
    """Return the environment of this process for a child that shall end with it.

    Args:
        with_settings: whether the child gets the settings of the installation (``MLC_``) too.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if with_settings or not name.startswith("MLC_")
    }
    return {**kept, PARENT_VARIABLE: str(os.getpid())}


def end_with_parent() -> None:
    """Have this process get SIGTERM when the process that it belongs to is gone.

    It then ends as if that process had asked it to. Nothing happens when it belongs to none.
    """
    if PARENT_VARIABLE in os.environ:
        threading.Thread(target=_end, name="parent", daemon=True).start()


def wait_for_parents_end() -> None:
    """Return when the process that this one belongs to is gone."""
    parent = os.environ.get(PARENT_VARIABLE)
    while str(os.getppid()) == parent:
        time.sleep(_LOOK_FOR_PARENT_SECONDS)


def _end() -> None:
    wait_for_parents_end()
    _log.warning("parent_gone")
    # To the main thread, so that the signal interrupts its sleeping or reading.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
