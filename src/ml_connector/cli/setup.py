"""``init``: data folder, master key, database, first administrator."""

from typing import Final

from ml_connector.app.installation import setup
from ml_connector.app.users.passwords import check_password
from ml_connector.cli.context import current
from ml_connector.cli.passwords import choose_password
from ml_connector.errors import UserError
from ml_connector.secret import Secret

_GIVEN: Final = "MLC_ADMIN_PASSWORD"


def init() -> None:
    """Set up data folder, master key, database and first administrator.

    Repeating it is harmless.
    """
    context = current()
    given = context.settings.admin_password
    if given is not None and not context.settings.data_dir.exists():
        _check_before_anything(given)
    made = setup.initialise(context.settings)
    password, generated = (None, False)
    if made.needs_administrator:
        password, generated = _choose_password(given)
        setup.add_administrator(context.settings, password)
    printer = context.printer
    printer.line(f"Data folder     {made.data_dir}")
    printer.line(f"Database        {made.database} (schema {made.schema})")
    printer.line(f"Master key      {made.master_key}")
    if made.key_is_new:
        printer.line(
            "                Keep a copy of it apart from the backups: without it the stored"
            " credentials can't be read.",
            style="bold",
        )
    if made.lost_keys:
        printer.line(
            f"                Stored credentials are sealed with another key"
            f" ({', '.join(made.lost_keys)}): put that key back, or apply each connection again"
            " with all its credentials.",
            style="bold",
        )
    _print_administrator(password, generated=generated)
    printer.line(
        "Next            ml-connector serve, then open http://127.0.0.1:8700 in a browser: it"
        " leads through the set-up. Or: ml-connector connection apply FILE"
    )
    printer.answer(
        {
            "data_dir": str(made.data_dir),
            "database": made.database,
            "schema": made.schema,
            "master_key": made.master_key,
            "master_key_is_new": made.key_is_new,
            "lost_keys": list(made.lost_keys),
            "administrator": "admin",
            "administrator_is_new": password is not None,
            **({"password": password.reveal()} if password and generated else {}),
        }
    )


def _print_administrator(password: Secret | None, *, generated: bool) -> None:
    printer = current().printer
    if password is None:
        printer.line("Administrator   was there already")
        return
    shown = f"admin, password {password.reveal()}" if generated else "admin"
    printer.line(f"Administrator   {shown}")
    if generated:
        printer.line(
            "                This password is shown only now. With it admin signs in to the"
            " console; for another: ml-connector user password admin",
            style="bold",
        )


def _check_before_anything(given: Secret) -> None:
    try:
        check_password(given, where=_GIVEN)
    except UserError as refused:
        raise UserError(
            f"{refused}. Nothing was changed",
            where=refused.where,
            next_step=refused.next_step,
        ) from refused


def _choose_password(given: Secret | None) -> tuple[Secret, bool]:
    """Return the administrator's password, and whether it was made up here."""
    if given is not None:
        check_password(given, where=_GIVEN)
        return given, False
    return choose_password("the administrator")
