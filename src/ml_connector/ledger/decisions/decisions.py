"""Decisions as they are kept: an act of a person each, bound to what it names.

A row says who decided what, when, why, and what was there to see. It is never changed or deleted;
that it was taken back, or does not hold any more, is added to it.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.ledger.decisions.differences import DecidedDifference
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import ACCEPTED, Cause, DecisionKind


class NamedUnits(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Units of one item at one location. Whole eaches."""

    item: str
    location: str
    quantity: int


def named_units(units: Mapping[tuple[str, str], int]) -> tuple[NamedUnits, ...]:
    """Return units that are added up by item and location, in their order."""
    return tuple(
        NamedUnits(item=item, location=location, quantity=quantity)
        for (item, location), quantity in sorted(units.items())
        if quantity > 0
    )


class NamedDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document or an order that a decision names, as NetSuite showed it.

    Attributes:
        id: internal id.
        type: such as ItemRcpt or PurchOrd.
        number: what people call it (``tranid``).
        day: the date that it carries.
        created_from: internal id of the order it was made from.
        voided: it counts for nothing any more.
        ours: it carries an external id of ours, or our tag in its memo.
        units: that it put into stock, or that an item fulfilment took out of it, summed by item
            and location; of an order none.
        taken_out: units that any other document took out of stock, summed alike; None where that
            was not read.
        total: of a bill, in its own currency; None where it can't be read, and of all others.
    """

    id: str
    type: str
    number: str
    day: date | None = None
    subsidiary: str | None = None
    created_from: str | None = None
    voided: bool = False
    ours: bool = False
    units: tuple[NamedUnits, ...] = ()
    taken_out: tuple[NamedUnits, ...] | None = None
    total: Decimal | None = None


class CorrectedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a source line that a counter-document changes, signed. Whole eaches."""

    source_line: str
    item: str
    location: str
    quantity: int


class DecidedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the source as it was when a person decided about it.

    Attributes:
        name: of the line, as journal lines and refusals have it.
        quantity: whole eaches, signed; None where the line is only money.
        amount: of money; None where the line is only units.
    """

    name: str
    quantity: int | None = None
    amount: Decimal | None = None


class MappedSetting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A setting of a connection that a decision made.

    Attributes:
        table: of the connection's file, such as ``locations``.
        value: that it has since; None: it is not set.
        before: what it was; None: it was not set.
    """

    table: str
    key: str
    value: str | list[str] | None = None
    before: str | list[str] | None = None


class DecidedAbout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was there to see when a person decided.

    Attributes:
        document: the document or the order that was named; None where none was.
        match: what the source said of the order it belongs to, such as the number on a WRO; None
            where the decision does not depend on it.
        lines: the lines of the source that it is about; empty: all, also those to come.
        after_run: the last run of the subject, which had not seen the decision; None in decisions
            of versions that did not keep it.
        corrects: what the counter-document changes that was decided on.
        difference: of a month-end report; None where it is about something else.
    """

    document: NamedDocument | None = None
    match: str | None = None
    lines: tuple[DecidedLine, ...] = ()
    after_run: int | None = None
    corrects: tuple[CorrectedUnits, ...] = ()
    setting: MappedSetting | None = None
    difference: DecidedDifference | None = None


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision before it is recorded.

    Attributes:
        subject: what it is about.
        cause: why that had stopped: what the decision answers; None where it had not.
        value: what it names beside a document, such as the number of an order.
        note: why, in the person's words.
    """

    subject: SubjectRef
    kind: DecisionKind
    cause: Cause | None
    note: str
    value: str = ""
    about: DecidedAbout = DecidedAbout()


class KeptDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that was recorded.

    Attributes:
        cause: that it answers; None where the subject had not stopped.
        document: number of the document that it names, else empty.
        lapsed_why: why it does not hold any more; None while it holds.
    """

    id: int
    connection: str
    flow: str
    key: str
    kind: DecisionKind
    cause: Cause | None
    document: str
    value: str
    note: str
    person: str
    made_at: datetime
    about: DecidedAbout
    taken_back_at: datetime | None = None
    taken_back_by: str | None = None
    taken_back_note: str | None = None
    lapsed_at: datetime | None = None
    lapsed_why: str | None = None

    @property
    def says(self) -> str:
        """The decision as a person writes it, such as ``handled IR123``."""
        return " ".join(part for part in (self.kind, self.document, self.value) if part)


_COLUMNS: Final = ", ".join(KeptDecision.__struct_fields__)


_RECORD: Final = f"""
insert into decision (connection, flow, key, kind, cause, document, document_id, document_type,
    value, note, person, about)
values (%(connection)s, %(flow)s, %(key)s, %(kind)s, %(cause)s, %(document)s, %(document_id)s,
    %(document_type)s, %(value)s, %(note)s, %(person)s, %(about)s::text::json)
on conflict (connection, flow, key, kind, document_id, value) where taken_back_at is null
do nothing returning {_COLUMNS}
"""  # noqa: S608 - our own constant


async def record(
    connection: Connection, new: NewDecision, *, person: str, replaces: Collection[int] = ()
) -> KeptDecision | None:
    """Record a decision; None where the same one stands already.

    Args:
        connection: inside the transaction that also records the act.
        new: the decision.
        person: who decides.
        replaces: decisions of the subject that do not hold any more, and end with this one.
    """
    await rows(
        connection,
        "update decision set taken_back_at = now(), taken_back_by = %(person)s,"
        " taken_back_note = 'Decided again'"
        " where id = any (%(ids)s) and taken_back_at is null",
        {"person": person, "ids": list(replaces)},
    )
    document = new.about.document
    row = await one(
        connection,
        _RECORD,
        {
            **new.subject._asdict(),
            "kind": new.kind,
            "cause": new.cause or "",
            "document": document.number if document and not new.value else "",
            "document_id": document.id if document else "",
            "document_type": document.type if document else "",
            "value": new.value,
            "note": new.note,
            "person": person,
            "about": msgspec.json.encode(new.about).decode(),
        },
    )
    return _kept(row) if row else None


async def find(connection: Connection, decision_id: int) -> KeptDecision | None:
    """Return a decision by its id; None when there is none."""
    row = await one(
        connection,
        f"select {_COLUMNS} from decision where id = %(id)s",  # noqa: S608 - our own constant
        {"id": decision_id},
    )
    return _kept(row) if row else None


async def of_subject(connection: Connection, ref: SubjectRef) -> list[KeptDecision]:
    """Return all decisions about a subject, also those taken back, oldest first."""
    found = await rows(
        connection,
        f"select {_COLUMNS} from decision where connection = %(connection)s"  # noqa: S608 - our own constant
        " and flow = %(flow)s and key = %(key)s order by id",
        ref._asdict(),
    )
    return [_kept(row) for row in found]


async def standing(
    connection: Connection, connection_name: str, subjects: Collection[tuple[str, str]]
) -> list[KeptDecision]:
    """Return the decisions about subjects that nobody has taken back, oldest first.

    Args:
        connection: for reading.
        connection_name: whose subjects.
        subjects: each as flow and key.
    """
    wanted = sorted(subjects)
    found = await rows(
        connection,
        f"select {_COLUMNS} from decision where connection = %(connection)s"  # noqa: S608 - our own constant
        " and taken_back_at is null and (flow, key) in"
        " (select * from unnest(%(flows)s::text[], %(keys)s::text[])) order by id",
        {
            "connection": connection_name,
            "flows": [flow for flow, _ in wanted],
            "keys": [key for _, key in wanted],
        },
    )
    return [_kept(row) for row in found]


async def accepts(connection: Connection, ref: SubjectRef, cause: Cause, sentence: str) -> bool:
    """Return whether a person decided to take just this stop of a subject as it is."""
    row = await one(
        connection,
        "select 1 as there from decision where connection = %(connection)s and flow = %(flow)s"
        " and key = %(key)s and kind = 'accept' and cause = %(cause)s and value = %(value)s"
        " and taken_back_at is null limit 1",
        {**ref._asdict(), "cause": cause, "value": sentence},
    )
    return row is not None


async def of_month(
    connection: Connection, connection_name: str, flow: str, month: str
) -> list[KeptDecision]:
    """Return the decisions about a month's differences that nobody has taken back, oldest first.

    Also those about documents that were moved from one month to another: they are about both.

    Args:
        connection: for reading.
        connection_name: whose differences.
        flow: that books such decisions.
        month: such as ``2026-11``: ids of its differences begin with it.
    """
    found = await rows(
        connection,
        f"select {_COLUMNS} from decision where connection = %(connection)s"  # noqa: S608 - our own constant
        " and flow = %(flow)s and taken_back_at is null and (starts_with(key, %(month)s)"
        " or about -> 'difference' ->> 'kind' = 'period_changed')"
        " order by id",
        {"connection": connection_name, "flow": flow, "month": f"{month}-"},
    )
    return [_kept(row) for row in found]


async def handled_by(
    connection: Connection, connection_name: str, document_id: str
) -> list[KeptDecision]:
    """Return the decisions that a document handles something, that nobody has taken back."""
    found = await rows(
        connection,
        f"select {_COLUMNS} from decision where connection = %(connection)s"  # noqa: S608 - our own constant
        " and document_id = %(document)s and kind = 'handled' and taken_back_at is null"
        " order by id",
        {"connection": connection_name, "document": document_id},
    )
    return [_kept(row) for row in found]


async def take_back(connection: Connection, decision_id: int, *, person: str, note: str) -> bool:
    """Take a decision back; False where that was done before."""
    row = await one(
        connection,
        "update decision set taken_back_at = now(), taken_back_by = %(person)s,"
        " taken_back_note = %(note)s where id = %(id)s and taken_back_at is null returning id",
        {"id": decision_id, "person": person, "note": note},
    )
    return row is not None


async def posted_since(connection: Connection, decision: KeptDecision) -> list[dict[str, Any]]:
    """Return the documents in NetSuite that runs which had seen a decision posted of its subject.

    Each with kind, external id and internal id; none that was taken back, and none that only says
    in the journal what is there: that follows the decision. Which run came first
    its number says: clocks are set. Only where the decision does not name a run, they decide.
    """
    return await rows(
        connection,
        "select p.kind, p.external_id, p.remote_id from posting as p"
        " join subject as s on s.id = p.subject_id"
        " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = %(key)s"
        " and case when %(after_run)s::bigint is null then p.created_at >= %(made_at)s"
        "  else p.run_id > %(after_run)s end and p.system = 'netsuite'"
        " and p.state in ('done', 'adopted') and not p.kind = any (%(accepted)s)"
        " and not exists (select 1 from posting as c"
        "  where c.undoes = p.id and c.state in ('done', 'adopted')) order by p.id",
        {
            "connection": decision.connection,
            "flow": decision.flow,
            "key": decision.key,
            "after_run": decision.about.after_run,
            "made_at": decision.made_at,
            "accepted": sorted(ACCEPTED),
        },
    )


async def note_lapses(connection: Connection, lapses: Mapping[int, str]) -> None:
    """Note which decisions do not hold any more, and which hold again.

    Args:
        connection: inside a transaction that holds their subjects.
        lapses: by decision, why it does not hold; empty where it holds.
    """
    if not lapses:
        return
    ids = sorted(lapses)
    await rows(
        connection,
        "update decision as d set lapsed_why = nullif(w.why, ''),"
        " lapsed_at = case when w.why <> '' then coalesce(d.lapsed_at, now()) end"
        " from unnest(%(ids)s::bigint[], %(whys)s::text[]) as w (id, why)"
        " where d.id = w.id and coalesce(d.lapsed_why, '') <> w.why",
        {"ids": ids, "whys": [lapses[one_id] for one_id in ids]},
    )


def _kept(row: Mapping[str, Any]) -> KeptDecision:
    return msgspec.convert({**row, "cause": row["cause"] or None}, KeptDecision)
