"""Asking a worker about decisions: who may ask for what is checked here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ml_connector.app.errands.errands import ask
from ml_connector.app.installation.installation import Installation
from ml_connector.app.users.roles import check
from ml_connector.errors import UserError
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.people import errands
from ml_connector.ledger.people.errands import Errand
from ml_connector.words import DecisionKind, Role

PREVIEW: Final = "preview"
DECIDE: Final = "decide"
UNDECIDE: Final = "undecide"
DOCUMENT: Final = "document"
PREVIEW_DIFFERENCE: Final = "preview-difference"
DECIDE_DIFFERENCE: Final = "decide-difference"
PREVIEW_UNDO: Final = "preview-undo"
UNDO: Final = "undo"

_WIDEST_FLOW: Final = "receiving"
_WIDEST_TABLE: Final = "skus"


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what they see.

    Attributes:
        names: of the connections.
        key: by which they know an errand again; None: what is under way and is the same is taken.
    """

    person: str
    role: Role
    names: Sequence[str]
    key: str | None = None


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


class AboutSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of a decision.

    Attributes:
        person: who asks; so the same question of two people is two errands.
    """

    subject_id: int
    person: str
    role: Role
    decision: DecisionAsked


class AboutDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of a decision about a difference of a month."""

    difference: str
    person: str
    role: Role
    decision: DecisionAsked


class Undoes(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of documents that are to be taken back.

    Attributes:
        documents: by any of their numbers.
        seen: the fingerprint of the counter-documents that were shown; empty: none were.
    """

    documents: tuple[str, ...]
    person: str
    seen: str = ""


class TakesBack(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of a decision that is taken back."""

    decision_id: int
    person: str
    role: Role
    note: str


async def ask_about(
    installation: Installation,
    asker: Asker,
    subject_id: int,
    asked: DecisionAsked,
    *,
    record: bool,
) -> Errand:
    """Ask what a decision would lead to, or to decide.

    Args:
        installation: where.
        asker: who asks.
        subject_id: about what.
        asked: the decision.
        record: whether to decide, and not only to look.

    Raises:
        LookupError: there is no such subject there.
        UserError: the person may not decide that, or does not say why.
    """
    async with installation.database.transaction() as on:
        standing = await outcomes.of_subject(on, subject_id)
    if standing is None or standing.ref.connection not in asker.names:
        raise LookupError("There is no such subject")
    if asked.kind is not DecisionKind.MAP:  # which table it maps in shows when it is read
        check(asker.role, asked.kind, flow=standing.ref.flow)
    if record:
        _check_note(asked)
    about = AboutSubject(
        subject_id=subject_id, person=asker.person, role=asker.role, decision=asked
    )
    return await _ask(
        installation,
        DECIDE if record else PREVIEW,
        standing.ref.connection,
        msgspec.to_builtins(about),
        asker,
    )


async def ask_about_difference(
    installation: Installation,
    asker: Asker,
    connection: str,
    difference: str,
    asked: DecisionAsked,
    *,
    record: bool,
) -> Errand:
    """Ask what a decision about a difference of a month would lead to, or to decide.

    A difference of a fact is decided with the fact, and by whoever may decide about that: the
    worker sees of which flow it is. Here is refused what the role may decide in no flow.

    Args:
        installation: where.
        asker: who asks.
        connection: whose month.
        difference: its id, as the report of the month has it.
        asked: the decision.
        record: whether to decide, and not only to look.

    Raises:
        LookupError: there is no such connection.
        UserError: the person may not decide that, or does not say why.
    """
    if connection not in asker.names:
        raise LookupError("There is no such connection")
    check(asker.role, asked.kind, flow=_WIDEST_FLOW, table=_WIDEST_TABLE)
    if record:
        _check_note(asked)
    about = AboutDifference(
        difference=difference, person=asker.person, role=asker.role, decision=asked
    )
    kind = DECIDE_DIFFERENCE if record else PREVIEW_DIFFERENCE
    return await _ask(installation, kind, connection, msgspec.to_builtins(about), asker)


async def ask_to_undo(
    installation: Installation,
    asker: Asker,
    connection: str,
    documents: Sequence[str],
    *,
    seen: str = "",
    record: bool,
) -> Errand:
    """Ask for the counter-documents of what was posted, or to post them.

    Args:
        installation: where.
        asker: who asks.
        connection: that posted them.
        documents: by any of their numbers.
        seen: the fingerprint of what was shown; empty: it was not looked at.
        record: whether to post them, and not only to look.

    Raises:
        LookupError: there is no such connection.
        UserError: the person may not undo.
    """
    if connection not in asker.names:
        raise LookupError("There is no such connection")
    check(asker.role, "undo")
    about = Undoes(documents=tuple(documents), person=asker.person, seen=seen)
    kind = UNDO if record else PREVIEW_UNDO
    return await _ask(installation, kind, connection, msgspec.to_builtins(about), asker)


async def ask_to_take_back(
    installation: Installation, asker: Asker, decision_id: int, *, note: str
) -> Errand:
    """Ask to take a decision back.

    Raises:
        LookupError: there is no such decision there.
        UserError: the person may not take it back.
    """
    async with installation.database.transaction() as on:
        kept = await decisions.find(on, decision_id)
    if kept is None or kept.connection not in asker.names:
        raise LookupError("There is no such decision")
    setting = kept.about.setting
    check(asker.role, kept.kind, flow=kept.flow, table=setting.table if setting else "")
    about = TakesBack(decision_id=decision_id, person=asker.person, role=asker.role, note=note)
    return await _ask(installation, UNDECIDE, kept.connection, msgspec.to_builtins(about), asker)


async def ask_for_document(
    installation: Installation, asker: Asker, connection: str, number: str
) -> Errand:
    """Ask NetSuite which of our documents has a number."""
    arguments = {"number": number, "person": asker.person}
    return await _ask(installation, DOCUMENT, connection, arguments, asker)


async def own(installation: Installation, asker: Asker, errand_id: int) -> Errand | None:
    """Return an errand that this person asked for; None where there is none such."""
    async with installation.database.transaction() as on:
        found = await errands.find(on, errand_id)
    if found is None or found.person != asker.person:
        return None
    return found if found.connection is None or found.connection in asker.names else None


def _check_note(asked: DecisionAsked) -> None:
    if not asked.note.strip():
        raise UserError(
            "A decision needs a note that says why",
            where="note",
            next_step="Write why: it stays in the audit trail.",
        )


async def _ask(
    installation: Installation,
    kind: str,
    connection: str,
    arguments: Mapping[str, Any],
    asker: Asker,
) -> Errand:
    errand_id = await ask(
        installation.database,
        installation.lanes,
        kind,
        connection,
        arguments,
        person=asker.person,
        key=asker.key,
    )
    async with installation.database.transaction() as on:
        found = await errands.find(on, errand_id)
    if found is None:
        raise LookupError("There is no such errand")
    return found
