"""Units of source lines that documents of other people account for, each unit once.

Several decisions may name one document. What they take of it together is never more than the
document shows, whichever runs at the same time. Quantities are signed as of the source's lines;
all that is taken of one item at one location of a document has the same sign.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.storage.database import Connection, recordset, rows

Decided = tuple[Run, Sequence[HandledUnits]]
"""A run, and all that documents of others account for of its subject."""

# Whoever takes of a document, or takes back what was taken, holds all decisions that name it.
_HOLD: Final = """
select d.id from decision as d
where d.taken_back_at is null and d.document_id <> '' and (d.connection, d.document_id) in (
    select m.connection, m.document_id from decision as m where m.id = any (%(ids)s))
order by d.id for update
"""

_TAKEN: Final = """
select d.id, h.subject_id, h.item, h.location, sum(h.quantity)::bigint as quantity
from decision as d
join decision as o on o.connection = d.connection and o.document_id = d.document_id
    and o.taken_back_at is null
join handled_line as h on h.decision_id = o.id
where d.id = any (%(ids)s) and d.taken_back_at is null
group by 1, 2, 3, 4
"""

_KEEP: Final = """
with said as (
    select * from json_to_recordset(%(lines)s) as s (
        decision bigint, subject bigint, name text, item text, location text, quantity bigint)
), gone as (
    delete from handled_line as h where h.subject_id = any (%(subjects)s)
    and not exists (select 1 from said as s where (s.decision, s.name, s.item, s.location)
        = (h.decision_id, h.name, h.item, h.location))
    returning h.decision_id, h.subject_id
), kept as (
    insert into handled_line as h (decision_id, name, subject_id, item, location, quantity)
    select decision, name, subject, item, location, quantity from said
    on conflict (decision_id, name, item, location) do update set quantity = excluded.quantity
    where h.quantity <> excluded.quantity
    returning h.decision_id, h.subject_id
)
select distinct c.subject_id as subject, d.document_id as document
from (select * from gone union all select * from kept) as c
join decision as d on d.id = c.decision_id
"""

# What was only handled by the decision is as if nobody had refused it.
_RELEASE: Final = """
with gone as (
    delete from handled_line where decision_id = %(id)s returning subject_id, name, quantity
), by_line as (
    select subject_id, name, sum(quantity)::bigint as quantity from gone group by 1, 2
), less as (
    update refusal as r set quantity = r.quantity - b.quantity from by_line as b
    where r.subject_id = b.subject_id and r.name = b.name and r.currency = ''
        and r.quantity <> b.quantity
)
delete from refusal as r using by_line as b
where r.subject_id = b.subject_id and r.name = b.name and r.currency = ''
    and r.quantity = b.quantity
"""


class KeptUnits(NamedTuple):
    """What came of keeping what documents of others account for.

    Attributes:
        short: ids of the runs whose units are not there any more: another subject has taken them
            since they were read. Nothing is kept for those.
        moved: by id of the run, the documents of which it has taken units or given some back.
    """

    short: set[int]
    moved: Mapping[int, frozenset[str]]


async def keep(connection: Connection, decided: Sequence[Decided]) -> KeptUnits:
    """Keep what documents of others account for, in place of what was kept before.

    Args:
        connection: inside the transaction that keeps the decisions of the runs, which hold their
            subjects.
        decided: each run, and all that others' documents account for of its subject.
    """
    short = await _short(connection, decided)
    kept = [(run, units) for run, units in decided if run.id not in short]
    lines: Counter[tuple[int, int, str, str, str]] = Counter()
    for run, units in kept:
        for one in units:
            lines[one.decision, run.subject.id, one.source_line, one.item, one.location] += (
                one.quantity
            )
    names = ("decision", "subject", "name", "item", "location")
    values = [
        {**dict(zip(names, key, strict=True)), "quantity": quantity}
        for key, quantity in lines.items()
    ]
    subjects = [run.subject.id for run, _ in kept]
    moved: dict[int, set[str]] = defaultdict(set)
    for row in await rows(connection, _KEEP, {"subjects": subjects, "lines": recordset(values)}):
        moved[row["subject"]].add(row["document"])
    return KeptUnits(short, {run.id: frozenset(moved[run.subject.id]) for run, _ in kept})


async def release(connection: Connection, decision_id: int) -> None:
    """Give back what a decision took: those units are accounted for by nothing."""
    await rows(connection, _HOLD, {"ids": [decision_id]})
    await rows(connection, _RELEASE, {"id": decision_id})


async def release_refused(connection: Connection, ref: SubjectRef, reason: str) -> None:
    """Let the lines of a subject wait again that were refused for a reason alone."""
    await rows(
        connection,
        "delete from refusal as r using subject as s where s.id = r.subject_id"
        " and s.connection = %(connection)s and s.flow = %(flow)s and s.key = %(key)s"
        " and r.reason = %(reason)s",
        {**ref._asdict(), "reason": reason},
    )


async def _short(connection: Connection, decided: Sequence[Decided]) -> set[int]:
    """Return the runs that take more of a document than others have left there."""
    ids = sorted({one.decision for _, units in decided for one in units})
    if not ids:
        return set()
    held = {row["id"] for row in await rows(connection, _HOLD, {"ids": ids})}
    taken: Counter[tuple[int, str, str]] = Counter()
    owners = {one.decision: run.subject.id for run, units in decided for one in units}
    for row in await rows(connection, _TAKEN, {"ids": ids}):
        if row["subject_id"] != owners[row["id"]]:
            taken[row["id"], row["item"], row["location"]] += row["quantity"]
    short: set[int] = set()
    for run, units in decided:
        if any(one.decision not in held for one in units) or _exceeds(units, taken):
            short.add(run.id)
            continue
        _count(units, decided, taken)
    return short


def _exceeds(units: Iterable[HandledUnits], taken: Counter[tuple[int, str, str]]) -> bool:
    wanted: Counter[tuple[int, str, str, int]] = Counter()
    for one in units:
        wanted[one.decision, one.item, one.location, one.shown] += one.quantity
    return any(
        abs(quantity + taken[decision, item, location]) > shown
        for (decision, item, location, shown), quantity in wanted.items()
    )


def _count(
    units: Iterable[HandledUnits], decided: Sequence[Decided], taken: Counter[tuple[int, str, str]]
) -> None:
    """Count what one run takes against the others of the same transaction."""
    for one in units:
        for _, others in decided:
            for other in {(each.decision, each.document) for each in others}:
                if other != (one.decision, one.document) and other[1] == one.document:
                    taken[other[0], one.item, one.location] += one.quantity
