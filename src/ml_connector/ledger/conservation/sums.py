"""Line conservation over the stored lines, summed for each report.

``docs/explanation/audit-trail.md`` says the same in prose; ``conservation.equation`` is the
rule for one line, which the query here repeats for all of them at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ml_connector.ledger.conservation.equation import (
    PART_OF_A_LINE,
    UNITS,
    Equation,
    LineState,
    Sums,
)
from ml_connector.storage.database import Connection, rows

By = Literal["connection", "flow", "day", "month"]
"""How fine a balance is: each includes what stands before it; days and months of the fact."""


MAY_WAIT: Final = (
    "((s.waits <> '' or s.state <> 'done' or s.converged < s.marked)"
    " and not (s.state = 'dead' and s.unexplained > 0))"
)
"""Whether what is missing of subject ``s`` waits, in SQL: it is open, or may wait; and it is not
open for the very reason that nothing accounts for what is missing."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The equation of one connection, flow, and day or month.

    Attributes:
        flow: empty when all flows are summed.
        period: such as ``2026-11-20`` or ``2026-11``; empty when all days are summed.
    """

    connection: str
    flow: str
    period: str
    equation: Equation


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One source line that is not simply posted.

    Attributes:
        subject: such as ``90311``; the key within its flow.
        missing: what is neither posted nor refused, by measure: empty for units, else the
            currency.
        reasons: why it was refused, or why it waits.
    """

    connection: str
    flow: str
    subject: str
    name: str
    fact_date: date
    sku: str | None
    state: LineState
    missing: dict[str, Decimal]
    reasons: str


async def balances(
    connection: Connection,
    names: Sequence[str],
    *,
    by: By = "flow",
    start: date | None = None,
    end: date | None = None,
    subjects: Sequence[int] | None = None,
) -> list[Balance]:
    """Return the equations of these connections.

    Args:
        connection: for reading.
        names: of connections.
        by: how fine.
        start: the first day of the facts, by the merchant's clock.
        end: the day after the last.
        subjects: only these.
    """
    flow = "''" if by == "connection" else "flow"
    period = {"day": "fact_date::text", "month": "to_char(fact_date, 'YYYY-MM')"}.get(by, "''")
    found = await rows(
        connection,
        f"{_lines_of(start, end, subjects)} {_SUMS.format(flow=flow, period=period)}",
        _parameters(names, start, end, subjects),
    )
    return _as_balances(found)


async def equation(
    connection: Connection,
    names: Sequence[str],
    *,
    start: date | None = None,
    end: date | None = None,
    subjects: Sequence[int] | None = None,
) -> Equation:
    """Return the one equation of all these connections; arguments as for ``balances``."""
    total = Equation()
    for one in await balances(
        connection, names, by="connection", start=start, end=end, subjects=subjects
    ):
        total += one.equation
    return total


async def lines(
    connection: Connection,
    names: Sequence[str],
    *,
    states: Iterable[LineState] = ("unexplained",),
    start: date | None = None,
    end: date | None = None,
    subjects: Sequence[int] | None = None,
    limit: int = 1000,
) -> list[Line]:
    """Return the lines in one of these states, by flow, day and name."""
    found = await rows(
        connection,
        f"{_lines_of(start, end, subjects)} {_LINES}",
        {
            **_parameters(names, start, end, subjects),
            "states": list(states),
            "limit": limit,
        },
    )
    return [
        Line(
            connection=row["connection"],
            flow=row["flow"],
            subject=row["subject"],
            name=row["name"],
            fact_date=row["fact_date"],
            sku=row["sku"],
            state=row["state"],
            missing={key: Decimal(value) for key, value in row["missing"].items()},
            reasons=row["reasons"] or "",
        )
        for row in found
    ]


def _as_balances(found: Sequence[dict[str, Any]]) -> list[Balance]:
    terms: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = defaultdict(
        lambda: defaultdict(lambda: {"lines": 0, "quantity": 0, "money": {}})
    )
    for row in found:
        equation_of = terms[(row["connection"], row["flow"], row["period"])]
        for term in Equation.__struct_fields__:
            value = row["all_of_it" if term == "all" else term]  # "all" is a word of SQL
            if row["measure"] == "lines":
                equation_of[term]["lines"] = int(value)
            elif row["measure"] == UNITS:
                equation_of[term]["quantity"] = int(value)
            elif value:
                equation_of[term]["money"][row["measure"]] = value
    return [
        Balance(
            connection=name,
            flow=flow,
            period=period,
            equation=Equation(**{term: Sums(**of_term[term]) for term in of_term}),
        )
        for (name, flow, period), of_term in sorted(terms.items())
    ]


def _parameters(
    names: Sequence[str], start: date | None, end: date | None, subjects: Sequence[int] | None
) -> dict[str, Any]:
    return {
        "names": list(names),
        "start": start or date.min,
        "end": end or date.max,
        "subjects": list(subjects or ()),
        "part": PART_OF_A_LINE,
        "whole": f"^(.*){PART_OF_A_LINE}",
    }


STAYS_UNDONE: Final = """(j.flow <> 'billing' or exists (
    select 1 from subject as i where i.id = {subject} and i.waits = '' and i.state = 'done'
    and i.converged >= i.marked))"""
"""Whether what was undone is refused, in SQL; ``j`` is the counter-document's journal row.

An invoice that changes is billed again with what was undone of it. So while it waits, that part
of it waits too.
"""


IS_OPEN: Final = """exists (
    select 1 from subject as i where i.id = {subject} and (i.waits <> '' or i.state <> 'done'
    or i.converged < i.marked))"""
"""Whether the subject of what was undone has something to wait for, in SQL."""


def taken_back(rest: str, undone: str, is_open: str = "false") -> str:
    """Return what counts as refused of what was undone, in SQL.

    A person who takes a document back refuses its lines. What is posted again afterwards, or
    what the source does not show any more, is not refused: no more counts than is missing. A line
    that has changed since is posted whole: while its subject waits, all of it waits.

    Args:
        rest: what is neither posted nor refused otherwise.
        undone: the sum of what counter-documents took back.
        is_open: whether the subject has something to wait for.
    """
    return (
        f"(case when {is_open} and {rest} <> {undone} then 0"
        f" when sign({rest}) = sign({undone})"
        f" then sign({undone}) * least(abs({rest}), abs({undone})) else 0 end)"
    )


# `told` has a row for each mention of a line and measure; `line` one for each line; a line is
# of the day its source says, and else of the first day that was posted for it.
_LINES_OF: Final = """
with {wanted} stated as (
    select l.* from source_line as l where l.connection = any (%(names)s) {of_lines}
), booked as (
    select {owner} as subject_id, j.source_line as name,
        j.connection, j.flow, j.fact_date, j.sku, j.quantity, j.amount, j.currency,
        p.undoes is not null as undone,
        p.undoes is not null and {stays_undone} as stays_undone,
        p.undoes is not null and {is_open} as is_open
    from journal as j
    join posting as p on p.id = j.posting_id
    where j.connection = any (%(names)s) {of_postings}
), told as (
    select subject_id, name, connection, flow, fact_date, sku, '' as measure,
        quantity::numeric as stated, 0::numeric as posted, 0::numeric as refused,
        0::numeric as undone,
        false as is_row, false as is_reason, true as is_stated, false as is_open from stated
    union all
    select subject_id, name, connection, flow, fact_date, sku, currency, amount, 0, 0, 0,
        false, false, true, false from stated where amount is not null
    union all
    select subject_id, name, connection, flow, fact_date, sku, '', null, quantity,
        null, case when stays_undone then -quantity end, not undone, undone, false, is_open
    from booked
    union all
    select subject_id, name, connection, flow, fact_date, sku, coalesce(currency, '?'), null,
        amount, null, case when stays_undone then -amount end, not undone, undone, false, is_open
    from booked where amount is not null
    union all
    select r.subject_id, r.name, s.connection, s.flow, s.created_at::date, null, '', null, null,
        r.quantity, null, false, true, false, false
    from refusal as r join subject as s on s.id = r.subject_id
    where s.connection = any (%(names)s) {of_subjects}
    union all
    select r.subject_id, r.name, s.connection, s.flow, s.created_at::date, null, r.currency,
        null, null, r.amount, null, false, true, false, false
    from refusal as r join subject as s on s.id = r.subject_id
    where r.amount is not null and s.connection = any (%(names)s) {of_subjects}
), summed as (
    select subject_id, name, measure,
        min(connection) as connection, min(flow) as flow, min(sku) as sku,
        coalesce(max(fact_date) filter (where is_stated), min(fact_date)) as fact_date,
        coalesce(sum(stated), 0) as stated, coalesce(sum(posted), 0) as posted,
        coalesce(sum(refused), 0) as refused, coalesce(sum(undone), 0) as undone,
        coalesce(sum(stated), 0) - coalesce(sum(posted), 0) - coalesce(sum(refused), 0) as rest,
        bool_or(is_row) as is_row, bool_or(is_reason) as is_reason,
        bool_or(is_stated) as is_stated, bool_or(is_open) as is_open,
        count(stated) > 0 as has_stated
    from told group by subject_id, name, measure
), measure as (
    select subject_id, name, measure, connection, flow, sku, fact_date, stated, posted,
        refused + {taken_back} as refused, rest - {taken_back} as rest,
        is_row, is_reason, is_stated, has_stated
    from summed
), whole_line as (
    select m.subject_id, m.name, min(m.connection) as connection, min(m.flow) as flow,
        min(m.sku) as sku,
        coalesce(max(m.fact_date) filter (where m.is_stated), min(m.fact_date)) as fact_date,
        bool_or(m.rest <> 0)
            or not (bool_or(m.has_stated) or bool_or(m.is_row) or bool_or(m.is_reason))
            as is_missing,
        bool_or(m.posted <> 0) as is_posted, bool_or(m.is_row) as is_row,
        bool_or(m.is_reason) as is_reason, bool_or(m.is_stated) as is_stated
    from measure as m group by m.subject_id, m.name
), line as (
    select w.*, s.key as subject,
        {may_wait} as may_wait,
        case
            when w.is_missing and {may_wait} then 'waiting'
            when w.is_missing then 'unexplained'
            when w.is_posted or (w.is_row and not w.is_reason) then 'posted'
            when w.is_reason then 'refused'
        end as state,
        coalesce(nullif(s.waits, ''), s.sentence) as because
    from whole_line as w join subject as s on s.id = w.subject_id
    where w.fact_date >= %(start)s and w.fact_date < %(end)s
    and (w.is_stated or strpos(w.name, %(part)s) = 0 or not exists (
        select 1 from source_line as l where l.subject_id = w.subject_id
        and l.name = substring(w.name from %(whole)s)))
)
"""

_TAKEN_BACK: Final = taken_back("rest", "undone", "is_open")

_SUMS: Final = """
select connection, {flow} as flow, {period} as period, 'lines' as measure,
    count(state) as all_of_it,
    count(*) filter (where state = 'posted') as posted,
    count(*) filter (where state = 'waiting') as waiting,
    count(*) filter (where state = 'refused') as refused,
    count(*) filter (where state = 'unexplained') as unexplained
from line group by 1, 2, 3
union all
select l.connection, {flow}, {period}, m.measure,
    sum(m.stated), sum(m.posted),
    coalesce(sum(m.rest) filter (where l.may_wait), 0), sum(m.refused),
    coalesce(sum(m.rest) filter (where not l.may_wait), 0)
from line as l
join (select subject_id, name, measure, stated, posted, rest, refused from measure) as m
    on m.subject_id = l.subject_id and m.name = l.name
group by 1, 2, 3, 4
"""

_LINES: Final = """
select l.connection, l.flow, l.subject, l.name, l.fact_date, l.sku, l.state,
    (select coalesce(json_object_agg(m.measure, m.rest::text), '{}') from measure as m
     where m.subject_id = l.subject_id and m.name = l.name and m.rest <> 0) as missing,
    case
        when l.state = 'waiting' then l.because
        when l.is_reason then coalesce(
            (select string_agg(distinct r.reason, '; ') from refusal as r
             where r.subject_id = l.subject_id and r.name = l.name),
            'A person took it back')
    end as reasons
from line as l where l.state = any (%(states)s)
order by l.connection, l.flow, l.fact_date, l.subject, l.name limit %(limit)s
"""


# A counter-document belongs to the subject of the posting that it undoes. There are few of
# them: a join with them would read all postings for nothing.
_OWNER: Final = (
    "case when p.undoes is null then p.subject_id"
    " else (select o.subject_id from posting as o where o.id = p.undoes) end"
)

# Whose lines may be of these days: a line is of a day that its source, a row or a refusal of it
# has. Each of the three is found by an index, and only their subjects are then added up.
_OF_DAYS: Final = f"""
    wanted as materialized (
        select subject_id from source_line where connection = any (%(names)s)
            and fact_date >= %(start)s and fact_date < %(end)s
        union
        select {_OWNER} from journal as j join posting as p on p.id = j.posting_id
        where j.connection = any (%(names)s)
            and j.fact_date >= %(start)s and j.fact_date < %(end)s
        union
        select s.id from refusal as r join subject as s on s.id = r.subject_id
        where s.connection = any (%(names)s)
            and s.created_at::date >= %(start)s and s.created_at::date < %(end)s
    ),
"""  # noqa: S608 - our own constant
_NAMED: Final = "wanted as (select unnest(%(subjects)s::bigint[]) as subject_id),"
_OF_WANTED: Final = "and {0} in (select subject_id from wanted)"
_POSTED_FOR_WANTED: Final = (
    "and j.posting_id in (select id from posting where subject_id in (select subject_id from"
    " wanted) union all select c.id from posting as u join posting as c on c.undoes = u.id where"
    " u.subject_id in (select subject_id from wanted))"
)


def _lines_of(start: date | None, end: date | None, subjects: Sequence[int] | None) -> str:
    """Return the query's head: all lines of the connections, or of some days or subjects."""
    if subjects is None and start is None and end is None:
        return _LINES_OF.format(
            owner=_OWNER,
            stays_undone=STAYS_UNDONE.format(subject=_OWNER),
            is_open=IS_OPEN.format(subject=_OWNER),
            taken_back=_TAKEN_BACK,
            may_wait=MAY_WAIT,
            wanted="",
            of_lines="",
            of_postings="",
            of_subjects="",
        )
    return _LINES_OF.format(
        owner=_OWNER,
        stays_undone=STAYS_UNDONE.format(subject=_OWNER),
        is_open=IS_OPEN.format(subject=_OWNER),
        taken_back=_TAKEN_BACK,
        may_wait=MAY_WAIT,
        wanted=_OF_DAYS if subjects is None else _NAMED,
        of_lines=_OF_WANTED.format("l.subject_id"),
        of_postings=_POSTED_FOR_WANTED,
        of_subjects=_OF_WANTED.format("r.subject_id"),
    )
