"""Ending a command that has started other processes."""

import signal


def end_as_with_ctrl_c() -> None:
    """Let SIGTERM end this command as ctrl-C does, so that the processes it started end too.

    SIGINT is set as well, because a background job of a shell ignores it otherwise.
    """
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.default_int_handler)
