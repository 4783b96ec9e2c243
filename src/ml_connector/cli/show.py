"""``show``: what a number means, and its story in ten lines."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.causes.table import IN_WORDS
from ml_connector.cli.context import current
from ml_connector.cli.counts import accounted, signed
from ml_connector.errors import UserError

if TYPE_CHECKING:
    from ml_connector.app.views.desk.search import SearchResult
    from ml_connector.app.views.desk.story import Story, StoryDocument, ToldEvent

_MOST_LINES: Final = 10
_MOST_DOCUMENTS: Final = 3


def show(
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER",
            help="A WRO, order, parcel, SKU, document, external id, invoice or webhook id.",
        ),
    ],
    subject: Annotated[
        int | None,
        typer.Option("--id", metavar="ID", help="Which one, where a number means several."),
    ] = None,
) -> None:
    """Find whatever has a number, and tell its story; where several have it, list them."""
    # Imported late: a typo in the options needs none of it.
    from ml_connector.app.views.desk.search import search  # noqa: PLC0415 - see above
    from ml_connector.app.views.desk.story import story  # noqa: PLC0415 - see above
    from ml_connector.words import Role  # noqa: PLC0415 - see above

    context = current()

    async def look(installation: Installation) -> "tuple[SearchResult, Story | None]":
        async with context.several(installation) as (on, names):
            found = await search(on, names, number)
            one = _the_one(found, subject)
            told = await story(on, names, one, role=Role.ADMIN) if one is not None else None
            return found, told

    found, told = context.run(look)
    if not found.subjects and not found.events:
        raise UserError(
            f"Nothing here has the number {found.text}",
            where="NUMBER",
            next_step=(
                "It is looked for among what was told, seen and posted, its beginning too. The"
                " number of a document in NetSuite may be known by its internal id alone: see"
                " ml-connector journal show NUMBER."
            ),
        )
    printer = context.printer
    if told is not None:
        for line in lines_of(told, zone=context.zone):
            printer.line(line)
    else:
        _list(found)
    printer.answer({"found": found, "story": told})


def _the_one(found: "SearchResult", subject: int | None) -> int | None:
    """Return the subject whose story is told; None where several are meant.

    Raises:
        UserError: the one that was named is not among them.
    """
    ids = [one.subject_id for one in found.subjects]
    if subject is None:
        return ids[0] if len(ids) == 1 else None
    if subject not in ids:
        raise UserError(
            f"Nothing with the number {found.text} has the id {subject}",
            where="--id",
            next_step=f"See which there are: ml-connector show {found.text}",
        )
    return subject


def _list(found: "SearchResult") -> None:
    printer = current().printer
    for event in found.events:
        printer.line(
            f"Webhook {found.text} is event {event.id}, {event.topic}, about no subject:"
            f" {event.status}. See ml-connector events show {event.id}"
        )
    if not found.subjects:
        return
    printer.table(
        ["id", "what", "state", "found by", "number"],
        [
            [one.subject_id, one.title, one.word, one.by_in_words, one.number]
            for one in found.subjects
        ],
        empty="",
    )
    more = ", and there are more" if found.more else ""
    printer.line(
        f"{len(found.subjects)} things have this number{more}. Tell one's story:"
        f" ml-connector show {found.text} --id {found.subjects[0].subject_id}"
    )


def lines_of(told: "Story", *, zone: tzinfo = UTC) -> list[str]:
    """Return a story in ten lines at most. Pure."""
    more = f"More: ml-connector events list --subject {told.key}"
    return [*islice(_lines(told, zone), _MOST_LINES - 1), more]


def _lines(told: "Story", zone: tzinfo) -> Iterator[str]:
    yield f"{told.title} ({told.connection}): {told.word}"
    yield from _told(told, zone)
    if told.sentence:
        yield f"{told.cause}: {told.sentence}"
        who = "" if told.who == "nobody" else f" ({IN_WORDS[told.who]})"
        yield f"Next{who}: {told.remedy}"
    lines = [one for one in accounted(told.equation) if not one.startswith("lines: 0 =")]
    if lines:
        yield "; ".join(lines)
    for document in told.documents[:_MOST_DOCUMENTS]:
        yield _document(document)
    if len(told.documents) > _MOST_DOCUMENTS:
        yield f"and {len(told.documents) - _MOST_DOCUMENTS} documents more"
    for decision in told.decisions[:1]:
        stands = "" if decision.stands else f", {decision.ended}"
        yield f"{decision.person} decided {decision.says}: {decision.note}{stands}"


def _told(told: "Story", zone: tzinfo) -> Iterator[str]:
    """Yield who told of it last, and when it ran last."""
    events: list[ToldEvent] = [*told.untold, *(one for run in told.runs for one in run.events)]
    if events:
        last = events[0]
        by = last.topic if last.source in last.topic else f"{last.source} {last.topic}"
        yield f"Told {_at(last.received_at, zone)} by {by}"
    if told.runs:
        run = told.runs[0]
        note = f": {run.note}" if run.note else ""
        yield f"Looked at {_at(run.started_at, zone)}, {run.outcome}{note}"


def _document(one: "StoryDocument") -> str:
    number = f" {one.remote_id}" if one.remote_id else ""
    units = f", {signed(one.units)} {_units(one.units)}" if one.units else ""
    undone = f", undone by {one.undone_by}" if one.undone_by else ""
    return f"{one.name}{number} ({one.external_id}): {one.state}{units}{undone}"


def _units(number: int) -> str:
    return "unit" if abs(number) == 1 else "units"


def _at(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
