"""Keeping what a process holds in memory out of files, and from other processes of its user."""

import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def forbid_core_dumps() -> None:
    """Let no crash of this process, or of one that it starts, leave its memory in a file.

    Master key, tokens and webhook secrets are in it. What takes dumps on a machine, such as
    systemd-coredump, is told the limit and keeps nothing then (core(5), ``%c``).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hide_memory() -> None:
    """Let no other process of the same user read this one's memory or attach to it.

    It is for a process that starts no others: such a process may be handed a file through
    ``/proc``, which is closed to it then (prctl(2), ``PR_SET_DUMPABLE``). Where the system knows
    no such thing, nothing happens.
    """
    import ctypes  # noqa: PLC0415 - the quick commands do without it

    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
