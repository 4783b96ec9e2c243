"""``init``: data folder, master key, database, first administrator."""

from ml_connector.app.installation import setup
from ml_connector.app.users.passwords import check_password
from ml_connector.cli.context import current
from ml_connector.cli.passwords import choose_password
from ml_connector.secret import Secret


def init() -> None:
    """Set up data folder, master key, database and first administrator.

    Repeating it is harmless.
    """
    context = current()
    made = setup.initialise(context.settings)
    given = context.settings.admin_password
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
    if password is None:
        printer.line("Administrator   was there already")
    else:
        shown = f"admin, password {password.reveal()}" if generated else "admin"
        printer.line(f"Administrator   {shown}")
        if generated:
            printer.line("                This password is shown only now.", style="bold")
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


def _choose_password(given: Secret | None) -> tuple[Secret, bool]:
    """Return the administrator's password, and whether it was made up here."""
    if given is not None:
        check_password(given, where="MLC_ADMIN_PASSWORD")
        return given, False
    return choose_password("the administrator")
