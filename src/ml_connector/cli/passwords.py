"""Passwords that are typed on a terminal, or made up and shown once."""

import getpass
import secrets
import sys
from typing import Final

from ml_connector.app.users.passwords import check_password
from ml_connector.cli.context import current
from ml_connector.errors import UserError
from ml_connector.secret import Secret

_TRIES: Final = 3
"""So often a password is asked for."""


def choose_password(whose: str, *, name: str = "") -> tuple[Secret, bool]:
    """Return a password, and whether it was made up here.

    Args:
        whose: for the question, such as ``the administrator``.
        name: of the person.

    Raises:
        UserError: what was typed can't be a password, several times.
    """
    if sys.stdin.isatty() and sys.stderr.isatty() and not current().printer.as_json:
        question = f"Password for {whose}, to sign in to the console (empty: make one): "
        for left in reversed(range(_TRIES)):
            typed = Secret(getpass.getpass(question))
            if not typed:
                break
            try:
                check_password(typed, where="what you typed", name=name)
            except UserError as refused:
                if not left:
                    raise
                current().printer.note(f"{refused}. {refused.next_step}")
                continue
            return typed, False
    return Secret(secrets.token_urlsafe(15)), True
