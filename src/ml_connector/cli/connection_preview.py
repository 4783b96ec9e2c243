"""``connection preview``: what a connection file would find and do, before it is applied."""

from pathlib import Path
from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.comparing_plans import RulesTried
from ml_connector.app.set_up.looking import Seen
from ml_connector.app.set_up.sentences import POLICIES
from ml_connector.app.views.file_preview import FilePreview, preview_file
from ml_connector.cli.checks import SIGNS, counted_checks
from ml_connector.cli.context import current
from ml_connector.config.connection import read


def preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The connection's TOML file.")],
) -> None:
    """Show what a connection file would find and do; nothing is written, saved or posted."""
    context = current()
    settings = read(file)

    async def look(installation: Installation) -> FilePreview:
        return await preview_file(installation, settings, lambda doing, n: bar(n, None, doing))

    with context.printer.counting("preview") as bar:
        found = context.run(look)
    _print_seen(found)
    if found.tried is not None:
        _print_tried(found.tried)
    context.printer.answer({"ok": found.works, **_as_json(found)})
    if not found.works:
        raise typer.Exit(1)


def _as_json(found: FilePreview) -> dict[str, object]:
    return {"seen": found.seen, "centers": found.centers, "tried": found.tried}


def _print_seen(found: FilePreview) -> None:
    printer, seen = current().printer, found.seen
    printer.table(
        ["system", "check", "result", "what was found"],
        [
            [one["system"], one["check"], SIGNS.get(one["result"], ""), one["found"]]
            for one in seen.checks
        ],
        empty="Nothing was checked.",
    )
    for one in seen.checks:
        if one["result"] != "ok" and one["remedy"]:
            printer.line(f"{one['system']} {one['check']}: {one['remedy']}")
    _print_total(seen)
    printer.table(
        ["center", "name", "NetSuite location", "why"],
        [[one.center, one.name, one.location or "none", one.why] for one in found.centers],
        empty="ShipBob lists no fulfillment center.",
    )
    _print_compared(seen)


def _print_total(seen: Seen) -> None:
    printer = current().printer
    if not seen.checks:
        return
    printer.line(counted_checks([SIGNS.get(one["result"], one["result"]) for one in seen.checks]))
    first = next((one for one in seen.checks if one["result"] != "ok" and one["remedy"]), None)
    if first is not None:
        said = f"First: {first['system']} {first['check']}: {first['remedy']}"
        printer.line(said, style="bold")


def _print_compared(seen: Seen) -> None:
    printer = current().printer
    if seen.products is not None:
        products = seen.products
        printer.line(
            f"{products.matched} of {products.skus} SKUs have one item:"
            f" {products.missing} missing, {products.ambiguous} ambiguous,"
            f" {products.inactive} inactive."
        )
    if seen.orders is not None and seen.orders.orders:
        printer.table(
            ["order_match", "one sales order", "several", "none"],
            [[one.way, str(one.one), str(one.several), str(one.none)] for one in seen.orders.ways],
            empty="",
        )


def _print_tried(tried: RulesTried) -> None:
    """Print what each policy would have done to the facts for which it matters."""
    printer = current().printer
    printer.table(
        ["policy", "when", "value", "facts", "documents", "units", "would wait"],
        [
            [
                *(one.policy, POLICIES[one.policy].when, choice.value, str(one.facts)),
                *(str(choice.documents), str(choice.units), str(choice.waits)),
            ]
            for one in tried.policies
            if one.facts
            for choice in one.choices
        ],
        empty="No policy would have done anything to what was read of the last 30 days.",
    )
    read_of = ", ".join(f"{one.facts} of {one.flow}" for one in tried.flows)
    printer.line(
        f"Facts that were read: {read_of}, with {tried.calls} calls. {tried.before_start} are"
        f" older than {tried.start_date} and would not be posted."
    )
    for wait in tried.waits:
        printer.line(f"{wait.facts} would wait ({wait.cause}): {wait.says}. {wait.remedy}")
