"""``events decide`` and ``events undecide``: what a person decides about what is stopped."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import consequences, proposal, recording, taking_back
from ml_connector.app.operations.decisions.mapping import said
from ml_connector.app.operations.decisions.offers import decided_by_people, offered
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.app.operations.decisions.subject_name import named
from ml_connector.app.operations.decisions.taking_back import TakenBack
from ml_connector.app.operations.decisions.wanted import (
    NAMES_A_DOCUMENT,
    NAMES_A_VALUE,
    Wanted,
)
from ml_connector.app.operations.planned import proposal_as_json
from ml_connector.cli.arguments import LARGEST_ID
from ml_connector.cli.context import current
from ml_connector.cli.flows import print_documents
from ml_connector.errors import UserError
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.rules.decisions.decided import ITEM_FULFILLMENT, document_name
from ml_connector.words import DecisionKind

_KINDS = ", ".join(decided_by_people())

_NAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(NAMES_A_DOCUMENT, " --document NUMBER"),
        **dict.fromkeys(NAMES_A_VALUE, " --value V"),
    }
)
"""What a decision has to name, as options."""


def decide(
    event_id: Annotated[
        int,
        typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="An event's, of events list."),
    ],
    kind: Annotated[str | None, typer.Option("--as", help=f"One of {_KINDS}.")] = None,
    document: Annotated[
        str | None,
        typer.Option("--document", metavar="NUMBER", help="The document that it names."),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option("--value", metavar="V", help="The order or the mapping that it names."),
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why: for the audit trail.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would lead to.")
    ] = False,
) -> None:
    """Decide about what is stopped, after showing what the decision leads to."""
    if kind is None:
        raise _what_may_be_decided(event_id)
    wanted = wanted_by(kind, document, value, note)
    context = current()

    async def look(installation: Installation) -> Proposal:
        names = await context.names(installation)
        return await proposal.propose(installation, names, event_id, wanted)

    carry_out(look, dry_run=dry_run)


def wanted_by(
    kind: str | None, document: str | None, value: str | None, note: str | None
) -> Wanted:
    """Return what a person asks for, as the options say it.

    Raises:
        UserError: there is no such decision, or the note is missing.
    """
    return Wanted(
        kind=_kind(kind),
        document=" ".join((document or "").split()),
        value=" ".join((value or "").split()),
        note=_note(note),
    )


def carry_out(look: Callable[[Installation], Awaitable[Proposal]], *, dry_run: bool) -> None:
    """Show what a decision leads to and record it.

    Args:
        look: returns the decision with what it leads to.
        dry_run: only show.
    """
    context = current()
    looked_at = context.run(look)
    _show(looked_at)
    answer = proposal_as_json(looked_at)
    if dry_run:
        context.printer.line("Nothing was decided: --dry-run only shows.")
        context.printer.answer({**answer, "recorded": False})
        return

    async def record(installation: Installation) -> KeptDecision:
        return await recording.decide(installation, looked_at, person=context.person())

    kept = context.run(record)
    context.printer.line(
        f"Decision {kept.id} is recorded: {kept.says}. It runs again now; take it back with:"
        f" events undecide {kept.id}"
    )
    if kept.about.setting is not None:
        context.printer.line(
            f"Saved: {said(kept.about.setting)}. Put it into the connection's file as well: to"
            " apply the file without it takes it back.",
            style="bold",
        )
    context.printer.answer({**answer, "recorded": True, "id": kept.id})


def undecide(
    decision_id: Annotated[int, typer.Argument(metavar="DECISION_ID", min=1, max=LARGEST_ID)],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Why: for the audit trail.")
    ] = "",
) -> None:
    """Take a decision back. What it was about runs again as if it had never been made."""
    context = current()

    async def take_back(installation: Installation) -> TakenBack:
        names = await context.names(installation)
        return await taking_back.undecide(
            installation, names, decision_id, person=context.person(), note=note
        )

    taken = context.run(take_back)
    one = taken.decision
    context.printer.line(
        f"Decision {one.id}, {one.says}, is taken back. {one.flow} {one.key} runs again now."
    )
    if taken.restored:
        context.printer.line(f"{taken.restored}. The connection's file may still say otherwise.")
    for document in taken.posted:
        context.printer.line(
            f"{document['kind']} {document['remote_id']} was posted since and stays. Take it back"
            f" with: journal undo {document['external_id']}",
            style="bold",
        )
    context.printer.answer(
        {
            "id": one.id,
            "decision": one,
            "posted_since": list(taken.posted),
            "restored": taken.restored,
        }
    )


def print_decisions(made: Sequence[KeptDecision], offers: Sequence[str], *, event_id: int) -> None:
    """Print which decisions were made about a subject, and which its cause offers."""
    printer = current().printer
    if made:
        printer.table(
            ["decision", "at", "by", "decided", "note", "stands"],
            [
                [
                    one.id,
                    f"{one.made_at:%Y-%m-%d %H:%M:%S}",
                    one.person,
                    one.says,
                    one.note,
                    _stands(one),
                ]
                for one in made
            ],
            empty="",
        )
        printer.line("")
    if offers:
        printer.line(
            f"You may decide: {', '.join(offers)}. Look first:"
            f" {_example(event_id, offers[0])} --dry-run"
        )
        printer.line("")


def _example(event_id: int, kind: str) -> str:
    """Return the command that decides so, with what it has to name."""
    return f"events decide {event_id} --as {kind}{_NAMED.get(kind, '')} --note TEXT"


def _what_may_be_decided(event_id: int) -> UserError:
    """Return the failure of who does not say what is decided: what may be about this subject.

    Raises:
        UserError: there is no such event.
    """
    context = current()

    async def look(installation: Installation) -> SubjectStanding:
        names = await context.names(installation)
        async with installation.database.transaction() as on:
            return await proposal.standing_of(on, names, event_id)

    standing = context.run(look)
    offers = offered(standing.ref.flow, standing.state, standing.cause)
    others = [one for one in decided_by_people() if one not in offers]
    stands = f"{standing.state}, {standing.cause}" if standing.cause else standing.state
    may = "; ".join(_example(event_id, one) for one in offers) or "nothing, before it has run"
    return UserError(
        "It is not said what is decided",
        where="--as",
        next_step=(
            f"{named(standing.ref)} is {stands}. About it you may decide: {may}. What else there"
            f" is ({', '.join(others)}) is for what stopped with another cause: see events show"
            " of that."
        ),
        usage=True,
    )


def _stands(one: KeptDecision) -> str:
    if one.taken_back_at is not None:
        return f"taken back by {one.taken_back_by}"
    return f"no: {one.lapsed_why}" if one.lapsed_why else "yes"


def _kind(word: str | None) -> DecisionKind:
    if word is None or word not in decided_by_people():
        raise UserError(
            f'"{word}" is no decision' if word else "It is not said what is decided",
            where="--as",
            next_step=f"Use one of {_KINDS}.",
            usage=True,
        )
    return DecisionKind(word)


def _note(text: str | None) -> str:
    if text is None or not text.strip():
        raise UserError(
            "A decision needs a note that says why",
            where="--note",
            next_step='Add --note "...": it stays in the audit trail.',
            usage=True,
        )
    return text.strip()


def _show(proposal: Proposal) -> None:
    printer = current().printer
    new, planned = proposal.new, proposal.planned
    document = new.about.document
    printer.line(f"{new.subject.flow} {new.subject.key}: {new.kind}", style="bold")
    if document is not None:
        dated = f" of {document.day}" if document.day else ""
        printer.line(f"  {document_name(document)} (id {document.id}){dated}")
        for one in document.units:
            sign = -1 if document.type == ITEM_FULFILLMENT else 1
            printer.line(
                f"    {sign * one.quantity:+d} of item {one.item} at location {one.location}"
            )
        for one in document.taken_out or ():
            printer.line(f"    {-one.quantity:+d} of item {one.item} at location {one.location}")
    if new.about.setting is not None:
        printer.line(f"  {said(new.about.setting)}")
    printer.line("It leads to:")
    taken = consequences.taken_in(new.cause, new.kind, new.value)
    if taken:
        printer.line(f"  {taken}")
    if planned.failure is not None:
        printer.line(f"  {planned.failure['cause']}: {planned.failure['sentence']}")
        printer.line(f"  Next: {planned.failure['remedy']}")
    print_documents(planned)
    for units in planned.plan.handled if planned.plan else ():
        printer.line(f"  {consequences.said(units)}")
    _show_not_ours(proposal)


def _show_not_ours(proposal: Proposal) -> None:
    """Print what is not posted any more, and the rule that would make that general."""
    printer = current().printer
    plan = proposal.planned.plan
    if plan is None or proposal.new.kind is not DecisionKind.NOT_OURS:
        return
    for one in plan.refused:
        units = "" if one.quantity is None else f": {abs(one.quantity)} not posted"
        printer.line(f"  {one.source_line}{units}. {one.reason}")
    if proposal.rule:
        printer.line(
            f"To have all like it ignored, write {proposal.rule} under [ignore] in the"
            " connection's file, and apply it."
        )
