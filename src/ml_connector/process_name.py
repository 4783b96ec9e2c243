"""Names of processes, as leases and runs carry them."""

import os
import secrets
import socket


def process_name() -> str:
    """Return a name for this process that no other process has, before or after."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def is_dead(name: str) -> bool:
    """Whether a process of that name is certainly gone.

    Only processes of this machine can be told; a number that another process has by now
    counts as alive.
    """
    host, _, rest = name.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
