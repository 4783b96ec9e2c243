"""What is read back of decisions in force, with what is booked of their subjects."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.ledger.decisions.decisions import DecidedAbout
from ml_connector.reconcile.decision_rows import DecidedPosting, DecisionRow, DecisionRows
from ml_connector.reconcile.stored.session import StoredSession
from ml_connector.words import DecisionKind

_BOOK_NOTHING: Final = (DecisionKind.MAP, DecisionKind.AGAIN)

# Of a subject with rows in the month, or with lines of it that are refused.
DECIDED: Final = """
select d.id as decision, d.kind, d.flow, d.key, d.document, d.document_id, d.value, d.about,
    s.id as subject, s.state, coalesce(w.source, d.flow) as word
from decision as d
join subject as s on (s.connection, s.flow, s.key) = (d.connection, d.flow, d.key)
left join month_word as w on w.flow = d.flow
where d.connection = %(name)s and d.taken_back_at is null and d.lapsed_why is null
    and not d.kind = any (%(nothing)s) and d.about -> 'difference' is null
    and (exists (select 1 from month_line as l where l.subject_id = s.id)
        or exists (select 1 from posting as p
            cross join lateral json_to_recordset(p.document -> 'lines') as l(
                posting_date date, fact_date date)
            where p.subject_id = s.id and (
                l.posting_date >= %(first)s and l.posting_date < %(after)s
                or l.fact_date >= %(first)s and l.fact_date < %(after)s)))
order by d.id
"""

PLANNED: Final = """
select p.subject_id as subject, p.id, p.run_id, p.external_id, p.kind,
    coalesce(p.remote_id, '') as remote_id, p.undoes is not null as undoes, l.*
from posting as p
left join lateral json_to_recordset(p.document -> 'lines') as l(
    source_line text, posting_date date, sku text, item text, location text, account text,
    currency text, quantity bigint, amount numeric) on true
where p.subject_id = any (%(subjects)s) and p.state in ('done', 'adopted')
order by p.id
"""

BOOKED: Final = """
select j.posting_id as id, j.source_line, j.posting_date, j.sku, j.item, j.location, j.account,
    j.currency, j.quantity, j.amount
from journal as j where j.posting_id = any (%(postings)s) order by j.id
"""

PLANS: Final = """
select distinct on (r.subject_id) r.subject_id as subject, r.decision -> 'handled' as handled
from run as r where r.subject_id = any (%(subjects)s) and r.decision is not null
order by r.subject_id, r.id desc
"""

KEPT: Final = """
select h.decision_id as decision, d.document_id as document, h.name as source_line, h.item,
    h.location, h.quantity
from handled_line as h join decision as d on d.id = h.decision_id
where d.connection = %(name)s and d.document_id = any (%(documents)s)
    and d.taken_back_at is null
order by h.decision_id, h.name
"""


class _Handled(msgspec.Struct, frozen=True, kw_only=True):
    source_line: str
    item: str
    location: str
    quantity: int
    decision: int
    shown: int = 0


async def decided_rows(on: StoredSession) -> list[DecisionRows]:
    """Return the decisions in force about sources of the month, with what is booked of them."""
    found = await on.rows(DECIDED, nothing=list(_BOOK_NOTHING))
    if not found:
        return []
    subjects = sorted({row["subject"] for row in found})
    postings = await _postings(on, subjects)
    handled = [row for row in found if row["kind"] == DecisionKind.HANDLED]
    plans = {
        row["subject"]: msgspec.convert(row["handled"] or [], list[_Handled])
        for row in (
            await on.rows(PLANS, subjects=sorted({row["subject"] for row in handled}))
            if handled
            else ()
        )
    }
    kept = await on.rows(KEPT, documents=sorted({row["document_id"] for row in handled}))
    return [
        _decision(row, postings.get(row["subject"], ()), plans.get(row["subject"]), kept)
        for row in found
    ]


async def _postings(
    on: StoredSession, subjects: list[int]
) -> dict[int, list[tuple[int, DecidedPosting]]]:
    """Return the documents of subjects, each with the run that posted it."""
    planned: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await on.rows(PLANNED, subjects=subjects):
        planned[row["id"]].append(row)
    booked: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await on.rows(BOOKED, postings=sorted(planned)):
        booked[row["id"]].append(row)
    found: dict[int, list[tuple[int, DecidedPosting]]] = defaultdict(list)
    for posting_id, lines in planned.items():
        head = lines[0]
        posting = DecidedPosting(
            external_id=head["external_id"],
            kind=head["kind"],
            remote_id=head["remote_id"],
            undoes=head["undoes"],
            planned=tuple(_moved(lines)),
            booked=tuple(_moved(booked[posting_id])),
        )
        found[head["subject"]].append((head["run_id"], posting))
    return found


def _moved(lines: Iterable[Mapping[str, Any]]) -> Iterable[DecisionRow]:
    """Return what lines move: a tracking number, and a document without lines, moves nothing."""
    return [
        DecisionRow(
            source_line=line["source_line"],
            value=Decimal(line["quantity"] if line["quantity"] is not None else line["amount"]),
            day=line["posting_date"],
            sku=line["sku"],
            item=line["item"],
            location=line["location"],
            account=line["account"],
            currency=None if line["quantity"] is not None else line["currency"],
        )
        for line in lines
        if line["quantity"] is not None or line["amount"] is not None
    ]


def _decision(
    row: Mapping[str, Any],
    postings: Iterable[tuple[int, DecidedPosting]],
    plan: list[_Handled] | None,
    kept: Iterable[Mapping[str, Any]],
) -> DecisionRows:
    about = msgspec.convert(row["about"], DecidedAbout)
    after = about.after_run or 0
    one = DecisionRows(
        decision=row["decision"],
        kind=DecisionKind(row["kind"]),
        said=" ".join(filter(None, (row["kind"], row["document"], row["value"]))),
        flow=row["flow"],
        source=f"{row['word']} {row['key']}",
        value=row["value"],
        corrects=about.corrects,
        lines=tuple(line.name for line in about.lines),
        postings=tuple(
            msgspec.structs.replace(posting, since=run > after) for run, posting in postings
        ),
    )
    if plan is None or row["state"] != "done":
        return one  # what it accounts for is not known, or is being planned
    return _with_handled(
        one, plan, [line for line in kept if line["document"] == row["document_id"]]
    )


def _with_handled(
    one: DecisionRows, plan: Iterable[_Handled], of_document: Sequence[Mapping[str, Any]]
) -> DecisionRows:
    """Return a decision with what its document accounts for, by the plan and as it is kept."""
    named = [line for line in plan if line.decision == one.decision]
    return msgspec.structs.replace(
        one,
        handled=tuple(_planned(line, line.quantity) for line in named),
        shows=tuple(_planned(line, abs(line.shown)) for line in named),
        kept=tuple(_kept(line) for line in of_document if line["decision"] == one.decision),
        kept_of_document=tuple(map(_kept, of_document)),
    )


def _planned(one: _Handled, units: int) -> DecisionRow:
    return _handled(one.source_line, one.item, one.location, units)


def _kept(row: Mapping[str, Any]) -> DecisionRow:
    return _handled(row["source_line"], row["item"], row["location"], row["quantity"])


def _handled(line: str, item: str, location: str, units: int) -> DecisionRow:
    return DecisionRow(source_line=line, item=item, location=location, value=Decimal(units))
