"""Errands about decisions: what one leads to, recording it, taking it back.

They do what ``events decide`` and ``events undecide`` do, in the name and with the role of who
asked; and ``document`` asks NetSuite which of our documents has a number. Each may be begun
again: what the errand itself has done before is its answer.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.app.errands.asking import (
    DECIDE,
    DOCUMENT,
    PREVIEW,
    UNDECIDE,
    AboutSubject,
    DecisionAsked,
    TakesBack,
)
from ml_connector.app.errands.errands import Do, ErrandProgress
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import find_posting
from ml_connector.app.operations.decisions import proposal, recording, taking_back
from ml_connector.app.operations.decisions.consequences import leads_to, taken_in
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.app.operations.decisions.wanted import Wanted
from ml_connector.app.operations.planned import fingerprint, proposal_as_json, refused_of
from ml_connector.app.users.roles import check
from ml_connector.errors import UserError
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.ledger.people.errands import Errand
from ml_connector.words import Role


async def _look(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Look at what ``arguments["decision"]`` would lead to."""
    asked = msgspec.convert(errand.arguments, AboutSubject)
    progress.says("Looking at both systems")
    return looked_at(await _propose(installation, await _standing(installation, asked), asked))


async def _decide(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Record ``arguments["decision"]``, if it leads to what was seen."""
    asked = msgspec.convert(errand.arguments, AboutSubject)
    standing = await _standing(installation, asked)
    before = await _decided_before(installation, errand, asked, standing)
    if before is not None:
        return as_answer(before, [])
    progress.says("Looking at both systems")
    proposed = await _propose(installation, standing, asked)
    progress.says("Deciding")
    return await decided(installation, errand, proposed, asked.decision)


async def _take_back(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Take the decision ``arguments["decision_id"]`` back."""
    asked = msgspec.convert(errand.arguments, TakesBack)
    progress.says("Taking it back")
    async with installation.database.transaction() as on:
        kept = await decisions.find(on, asked.decision_id)
    by_this = kept is not None and kept.taken_back_by == errand.person
    if kept is not None and by_this and (kept.taken_back_at or errand.asked_at) > errand.asked_at:
        return {**as_answer(kept, []), "posted_since": [], "restored": ""}
    taken = await taking_back.undecide(
        installation,
        [kept.connection] if kept else [],
        asked.decision_id,
        person=errand.person,
        note=asked.note,
    )
    return {
        **as_answer(taken.decision, []),
        "posted_since": list(taken.posted),
        "restored": taken.restored,
    }


async def _find_document(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Ask NetSuite which of our documents has the number ``arguments["number"]``."""
    progress.says("Asking NetSuite")
    walked = await find_posting.by_document_number(
        installation,
        [errand.connection] if errand.connection else [],
        str(errand.arguments["number"]),
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


async def _standing(installation: Installation, asked: AboutSubject) -> SubjectStanding:
    async with installation.database.transaction() as on:
        standing = await outcomes.of_subject(on, asked.subject_id)
    if standing is None:
        raise UserError("There is no such subject", next_step="Look at the list again.")
    return standing


async def _propose(
    installation: Installation, standing: SubjectStanding, asked: AboutSubject
) -> Proposal:
    async with installation.database.transaction() as on:
        event = await outcomes.latest_event(on, standing.ref)
    if event is None:
        raise UserError("Nothing was ever told of it", next_step="Look at the list again.")
    wanted = wanted_of(asked.decision)
    proposed = await proposal.propose(installation, [standing.ref.connection], event, wanted)
    check_proposed(asked.role, proposed)
    return proposed


async def _decided_before(
    installation: Installation, errand: Errand, asked: AboutSubject, standing: SubjectStanding
) -> KeptDecision | None:
    """Return what this errand decided before its worker ended; None where it did not."""
    async with installation.database.transaction() as on:
        made = await decisions.of_subject(on, standing.ref)
    found = made_by(errand, asked.decision, made)
    return found[-1] if found else None


def looked_at(proposed: Proposal) -> dict[str, Any]:
    """Return what a decision would lead to, as an errand answers it."""
    new = proposed.new
    return {
        **proposal_as_json(proposed),
        "leads_to": [
            *filter(None, [taken_in(new.cause, new.kind, new.value)]),
            *leads_to(proposed.planned),
        ],
        "refused": refused_of(proposed.planned),
        "seen": fingerprint(proposed.planned),
    }


async def decided(
    installation: Installation, errand: Errand, proposed: Proposal, asked: DecisionAsked
) -> dict[str, Any]:
    """Record a decision if it leads to what was seen; return it as an errand answers it.

    Raises:
        UserError: it leads to something else by now.
    """
    if asked.seen and asked.seen != fingerprint(proposed.planned):
        raise UserError(
            "It leads to something else by now than what was shown",
            where=proposed.new.subject.key,
            next_step="Look again at what it leads to, then decide.",
        )
    kept = await recording.decide(installation, proposed, person=errand.person)
    return as_answer(kept, leads_to(proposed.planned))


def wanted_of(asked: DecisionAsked) -> Wanted:
    """Return a decision as it is proposed."""
    return Wanted(
        kind=asked.kind,
        document=" ".join(asked.document.split()),
        value=" ".join(asked.value.split()),
        note=asked.note.strip() or "(your note)",
    )


def check_proposed(role: Role, proposed: Proposal) -> None:
    """See that a role may decide what is proposed.

    Raises:
        UserError: it may not.
    """
    new = proposed.new
    table = new.about.setting.table if new.about.setting else ""
    check(role, new.kind, flow=new.subject.flow, table=table)


def made_by(
    errand: Errand, asked: DecisionAsked, made: Sequence[KeptDecision]
) -> list[KeptDecision]:
    """Return what an errand decided before its worker ended; nothing at its first beginning."""
    return [
        one
        for one in made
        if errand.beginnings > 1
        and one.person == errand.person
        and one.kind is asked.kind
        and one.note == asked.note.strip()
        and one.made_at > errand.asked_at
    ]


def as_answer(one: KeptDecision, consequences: Sequence[str]) -> dict[str, Any]:
    """Return a decision that was made, as an errand answers it."""
    return {
        "id": one.id,
        "says": one.says,
        "flow": one.flow,
        "key": one.key,
        "leads_to": list(consequences),
    }


ABOUT_DECISIONS: Final[Mapping[str, Do]] = MappingProxyType(
    {PREVIEW: _look, DECIDE: _decide, UNDECIDE: _take_back, DOCUMENT: _find_document}
)
"""The kinds about decisions; their names are stored."""
