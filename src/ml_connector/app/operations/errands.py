"""What somebody at a page asks of a worker: looks at decisions, decisions, documents to find.

A page opens no key of NetSuite's. So it only keeps what is asked (``ledger.errands``), and a
worker does it with the functions that the commands use, in the name and with the role of who
asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import find_posting
from ml_connector.app.operations.decisions import proposal, recording, taking_back
from ml_connector.app.operations.decisions.consequences import leads_to
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.app.operations.decisions.wanted import Wanted
from ml_connector.app.operations.planned import fingerprint, proposal_as_json, refused_of
from ml_connector.app.users.roles import check
from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger import errands
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.errands import AskedErrand, Errand
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind, Role

_NO_SUBJECT: Final = "There is no such subject"


class DecisionAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as somebody asks for it.

    Attributes:
        document: the number of a document; empty for none.
        value: an order or a mapping; empty for nothing.
        seen: the fingerprint of what it was shown to lead to; empty: it was not looked at.
    """

    kind: DecisionKind
    document: str = ""
    value: str = ""
    note: str = ""
    seen: str = ""


class _AboutSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of a decision."""

    subject_id: int
    role: Role
    decision: DecisionAsked


class _TakesBack(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of a decision that is taken back."""

    decision_id: int
    role: Role
    note: str


async def ask_about(
    on: Connection,
    names: Sequence[str],
    subject_id: int,
    asked: DecisionAsked,
    *,
    record: bool,
    person: str,
    role: Role,
    key: str | None = None,
) -> AskedErrand:
    """Ask what a decision would lead to, or to decide.

    Args:
        on: inside a transaction.
        names: the connections that the person sees.
        subject_id: about what.
        asked: the decision.
        record: whether to decide, and not only to look.
        person: who asks.
        role: of that person.
        key: by which the person would know the errand again.

    Raises:
        LookupError: there is no such subject there.
        UserError: the person may not decide that, or does not say why.
    """
    standing = await outcomes.of_subject(on, subject_id)
    if standing is None or standing.ref.connection not in names:
        raise LookupError(_NO_SUBJECT)
    if asked.kind is not DecisionKind.MAP:  # which table it maps in shows when it is read
        check(role, asked.kind, flow=standing.ref.flow)
    if record and not asked.note.strip():
        raise UserError(
            "A decision needs a note that says why",
            where="note",
            next_step="Write why: it stays in the audit trail.",
        )
    return await errands.ask(
        on,
        standing.ref.connection,
        "decide" if record else "preview",
        person=person,
        key=key,
        asked=msgspec.to_builtins(_AboutSubject(subject_id=subject_id, role=role, decision=asked)),
    )


async def ask_to_take_back(
    on: Connection,
    names: Sequence[str],
    decision_id: int,
    *,
    note: str,
    person: str,
    role: Role,
    key: str | None = None,
) -> AskedErrand:
    """Ask to take a decision back; arguments as for ``ask_about``.

    Raises:
        LookupError: there is no such decision there.
        UserError: the person may not take it back.
    """
    kept = await decisions.find(on, decision_id)
    if kept is None or kept.connection not in names:
        raise LookupError("There is no such decision")
    setting = kept.about.setting
    check(role, kept.kind, flow=kept.flow, table=setting.table if setting else "")
    return await errands.ask(
        on,
        kept.connection,
        "undecide",
        person=person,
        key=key,
        asked=msgspec.to_builtins(_TakesBack(decision_id=decision_id, role=role, note=note)),
    )


async def ask_for_document(on: Connection, name: str, number: str, *, person: str) -> AskedErrand:
    """Ask NetSuite, by a worker, which of our documents has a number."""
    return await errands.ask(on, name, "document", person=person, asked={"number": number})


async def carry_out(installation: Installation, errand: Errand) -> None:
    """Do what was asked, and keep what came of it, or why nothing did."""
    try:
        answer = await _DO[errand.kind](installation, errand)
    except (UserError, ConnectorError, LookupError) as error:
        await _end(installation, errand, problem=problem_of(error))
    else:
        await _end(installation, errand, answer=answer)


def problem_of(error: Exception) -> dict[str, Any]:
    """Return why something was not done, as data: title, cause, where, next step."""
    if isinstance(error, UserError):
        return {"title": str(error), "where": error.where, "next_step": error.next_step}
    if isinstance(error, ConnectorError):
        return {"title": str(error), "cause": error.cause.value, "next_step": error.remedy}
    return {"title": str(error), "next_step": "Look at the list again."}


async def _end(
    installation: Installation,
    errand: Errand,
    *,
    answer: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> None:
    async with installation.database.transaction() as on:
        await errands.end(on, errand.id, answer=answer, problem=problem)


async def _look(installation: Installation, errand: Errand) -> dict[str, Any]:
    asked = msgspec.convert(errand.asked, _AboutSubject)
    _, proposed = await _propose(installation, errand, asked)
    return {
        **proposal_as_json(proposed),
        "leads_to": leads_to(proposed.planned),
        "refused": refused_of(proposed.planned),
        "seen": fingerprint(proposed.planned),
    }


async def _decide(installation: Installation, errand: Errand) -> dict[str, Any]:
    asked = msgspec.convert(errand.asked, _AboutSubject)
    standing, proposed = await _propose(installation, errand, asked)
    if asked.decision.seen and asked.decision.seen != fingerprint(proposed.planned):
        raise UserError(
            "It leads to something else by now than what was shown",
            where=standing.ref.key,
            next_step="Look again at what it leads to, then decide.",
        )
    kept = await recording.decide(installation, proposed, person=errand.person)
    return {
        "id": kept.id,
        "says": kept.says,
        "flow": kept.flow,
        "key": kept.key,
        "leads_to": leads_to(proposed.planned),
    }


async def _propose(
    installation: Installation, errand: Errand, asked: _AboutSubject
) -> tuple[SubjectStanding, Proposal]:
    async with installation.database.transaction() as on:
        standing = await outcomes.of_subject(on, asked.subject_id)
        event = await outcomes.latest_event(on, standing.ref) if standing else None
    if standing is None or event is None:
        raise LookupError(_NO_SUBJECT)
    decision = asked.decision
    wanted = Wanted(
        kind=decision.kind,
        document=" ".join(decision.document.split()),
        value=" ".join(decision.value.split()),
        note=decision.note.strip() or "(only looked at)",
    )
    proposed = await proposal.propose(installation, [errand.connection], event, wanted)
    setting = proposed.new.about.setting
    check(
        asked.role,
        decision.kind,
        flow=standing.ref.flow,
        table=setting.table if setting else "",
    )
    return standing, proposed


async def _take_back(installation: Installation, errand: Errand) -> dict[str, Any]:
    asked = msgspec.convert(errand.asked, _TakesBack)
    taken = await taking_back.undecide(
        installation,
        [errand.connection],
        asked.decision_id,
        person=errand.person,
        note=asked.note,
    )
    return {
        "id": taken.decision.id,
        "says": taken.decision.says,
        "flow": taken.decision.flow,
        "key": taken.decision.key,
        "posted_since": list(taken.posted),
        "restored": taken.restored,
    }


async def _find_document(installation: Installation, errand: Errand) -> dict[str, Any]:
    walked = await find_posting.by_document_number(
        installation, [errand.connection], str(errand.asked["number"])
    )
    return {
        "found": [
            {
                "subject_id": one["subject"]["id"],
                "flow": one["subject"]["flow"],
                "key": one["subject"]["key"],
                "external_id": one["posting"]["external_id"],
            }
            for one in walked
        ]
    }


_DO: Final[Mapping[str, Callable[[Installation, Errand], Awaitable[dict[str, Any]]]]] = {
    "preview": _look,
    "decide": _decide,
    "undecide": _take_back,
    "document": _find_document,
}
