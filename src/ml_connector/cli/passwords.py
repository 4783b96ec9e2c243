"""Passwords that are typed on a terminal, or made up and shown once."""

import getpass
import secrets
import sys

from ml_connector.app.users.passwords import check_password
from ml_connector.cli.context import current
from ml_connector.secret import Secret


def choose_password(whose: str, *, name: str = "") -> tuple[Secret, bool]:
    """Return a password, and whether it was made up here.

    Args:
        whose: for the question, such as ``the administrator``.
        name: of the person.

    Raises:
        UserError: what was typed can't be a password.
    """
    if sys.stdin.isatty() and sys.stderr.isatty() and not current().printer.as_json:
        typed = Secret(getpass.getpass(f"Password for {whose} (empty: make one): "))
        if typed:
            check_password(typed, where="what you typed", name=name)
            return typed, False
    return Secret(secrets.token_urlsafe(15)), True
