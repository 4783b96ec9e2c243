"""``ping``, and printing what was checked."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from ml_connector.app.connections.checks import Check, as_rows
from ml_connector.app.installation.installation import Installation
from ml_connector.app.ping.ping import ping_connection
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted

SIGNS: Final = {"ok": "ok", "missing": "MISSING", "forbidden": "FORBIDDEN", "failed": "FAILED"}
_WARNING: Final = "warning"
_COUNTED: Final = ("ok", _WARNING, "MISSING", "FORBIDDEN", "FAILED")


def ping(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep",
            help="Look at every product and its item too, and at the last orders; takes longer.",
        ),
    ] = False,
) -> None:
    """Check all that a connection needs in both systems, with the remedy where it lacks."""
    context = current()
    if name is not None:
        context.named(name)

    async def ask(installation: Installation) -> list[Check]:
        one = await context.applied(installation)
        return await ping_connection(installation, one.name, deep=deep, tell=_print_one)

    found = context.run(ask)
    _print_remedies(found)
    print_total(found)
    passed = all(check.outcome == "ok" for check in found if check.needed)
    context.printer.answer({"ok": passed, "checks": as_rows(found)})
    if not passed:
        raise typer.Exit(1)


def print_checks(found: Sequence[Check]) -> None:
    """Print what was checked, for a person: first all results, then the remedies."""
    current().printer.table(
        ["system", "check", "result", "what was found"],
        [[one.system, one.name, _sign(one), one.found] for one in found],
        empty="Nothing was checked.",
    )
    _print_remedies(found)
    if found:
        print_total(found)


def print_total(found: Sequence[Check]) -> None:
    """Print how many checks there were, how they ended, and what to do first."""
    printer = current().printer
    printer.line(counted_checks([_sign(one) for one in found]))
    first = next((one for one in found if one.outcome != "ok" and one.needed and one.remedy), None)
    if first is not None:
        printer.line(f"First: {first.system} {first.name}: {first.remedy}", style="bold")


def _print_one(one: Check) -> None:
    """Print a check when it ends."""
    current().printer.line(f"{one.system:8}  {one.name:38}  {_sign(one):9}  {one.found}".rstrip())


def _print_remedies(found: Sequence[Check]) -> None:
    printer = current().printer
    for one in found:
        if one.outcome != "ok" and one.remedy:
            printer.line(f"{one.system} {one.name}: {one.remedy}", style="bold")


def counted_checks(ended: Sequence[str]) -> str:
    """Return in words how many checks there were, and how they ended. Pure."""
    signs = Counter(ended)
    named = {_WARNING: "warnings" if signs[_WARNING] != 1 else _WARNING}
    said = [f"{signs[sign]} {named.get(sign, sign)}" for sign in _COUNTED if signs[sign]]
    return f"{counted(len(ended), 'check')}: {', '.join(said)}"


def _sign(one: Check) -> str:
    return _WARNING if one.outcome != "ok" and not one.needed else SIGNS[one.outcome]
