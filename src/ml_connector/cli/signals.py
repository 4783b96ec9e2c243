"""How a command that started others is told to end."""

import signal


def end_as_with_ctrl_c() -> None:
    """Have SIGTERM end this command as ctrl-C does, so that all that it started ends too.

    SIGINT is set as well: a shell's background job ignores it otherwise.
    """
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.default_int_handler)
