"""Line conservation over the stored lines: kept at each run, summed for each report.

``docs/explanation/audit-trail.md`` says the same in prose; ``ledger.equation`` is the rule
for one line, which the query here repeats for all of them at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ml_connector.ledger.documents import Refused, SourceLine
from ml_connector.ledger.equation import PART_OF_A_LINE, UNITS, Equation, LineState, Sums
from ml_connector.storage.database import Connection, rows

By = Literal["connection", "flow", "day", "month"]
"""How fine a balance is: each includes what stands before it; days and months of the fact."""


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


async def keep(
    connection: Connection,
    subject_id: int,
    run_id: int,
    lines: Sequence[SourceLine],
    *,
    connection_name: str,
    flow: str,
) -> None:
    """Keep all lines of a subject as a run has seen them. What is unchanged is not written.

    Lines of one name and currency are added up.
    """
    merged: dict[tuple[str, str], SourceLine] = {}
    for line in lines:
        key = (line.source_line, _currency(line))
        merged[key] = _plus(merged[key], line) if key in merged else line
    await rows(
        connection,
        _KEEP,
        {
            "subject": subject_id,
            "run": run_id,
            "connection": connection_name,
            "flow": flow,
            "name": [name for name, _ in merged],
            "currency": [currency for _, currency in merged],
            "fact_date": [line.fact_date for line in merged.values()],
            "sku": [line.sku for line in merged.values()],
            "quantity": [line.quantity for line in merged.values()],
            "amount": [line.amount for line in merged.values()],
            "center": [line.center for line in merged.values()],
        },
    )


async def decide(
    connection: Connection,
    subject_id: int,
    run_id: int,
    refused: Sequence[Refused],
    *,
    waits: str,
) -> None:
    """Keep what a run decided to refuse, in place of what was refused before.

    Args:
        connection: inside the transaction that keeps the decision.
        subject_id: the subject.
        run_id: the run.
        refused: all that is not posted on purpose.
        waits: why what is missing may wait although nothing failed; empty when it may not.
    """
    merged: dict[tuple[str, str], Refused] = {}
    for one in refused:
        key = (one.source_line, _currency(one))
        if key in merged:
            before = merged[key]
            reason = "; ".join(dict.fromkeys([before.reason, one.reason]))
            one = msgspec.structs.replace(_plus(before, one), reason=reason)  # noqa: PLW2901 - added up
        merged[key] = one
    await rows(
        connection,
        _REFUSE,
        {
            "subject": subject_id,
            "run": run_id,
            "name": [name for name, _ in merged],
            "currency": [currency for _, currency in merged],
            "quantity": [one.quantity for one in merged.values()],
            "amount": [one.amount for one in merged.values()],
            "reason": [one.reason for one in merged.values()],
        },
    )
    await rows(
        connection,
        "update subject set waits = %(waits)s where id = %(subject)s and waits <> %(waits)s",
        {"subject": subject_id, "waits": waits},
    )


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
        f"{_lines_of(subjects)} {_SUMS.format(flow=flow, period=period)}",
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
        f"{_lines_of(subjects)} {_LINES}",
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


def _currency(line: SourceLine | Refused) -> str:
    return "" if line.amount is None else line.currency or "?"


def _plus(one: Any, other: Any) -> Any:
    return msgspec.structs.replace(
        other,
        quantity=_sum(one.quantity, other.quantity),
        amount=_sum(one.amount, other.amount),
    )


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other


_KEEP: Final = """
with seen as (
    select * from unnest(%(name)s::text[], %(currency)s::text[], %(fact_date)s::date[],
        %(sku)s::text[], %(quantity)s::bigint[], %(amount)s::numeric[], %(center)s::bigint[])
        as s(name, currency, fact_date, sku, quantity, amount, center)
), gone as (
    delete from source_line as l where l.subject_id = %(subject)s
    and not exists (select 1 from seen where (seen.name, seen.currency) = (l.name, l.currency))
)
insert into source_line as l (subject_id, name, currency, connection, flow, fact_date, sku,
                              quantity, amount, center, run_id)
select %(subject)s, name, currency, %(connection)s, %(flow)s, fact_date, sku, quantity, amount,
       center, %(run)s
from seen
on conflict (subject_id, name, currency) do update set
    fact_date = excluded.fact_date, sku = excluded.sku, quantity = excluded.quantity,
    amount = excluded.amount, center = excluded.center, run_id = excluded.run_id
where (l.fact_date, l.sku, l.quantity, l.amount, l.center) is distinct from
    (excluded.fact_date, excluded.sku, excluded.quantity, excluded.amount, excluded.center)
"""

_REFUSE: Final = """
with said as (
    select * from unnest(%(name)s::text[], %(currency)s::text[], %(quantity)s::bigint[],
        %(amount)s::numeric[], %(reason)s::text[])
        as s(name, currency, quantity, amount, reason)
), gone as (
    delete from refusal as r where r.subject_id = %(subject)s
    and not exists (select 1 from said where (said.name, said.currency) = (r.name, r.currency))
)
insert into refusal as r (subject_id, name, currency, quantity, amount, reason, run_id)
select %(subject)s, name, currency, quantity, amount, reason, %(run)s from said
on conflict (subject_id, name, currency) do update set
    quantity = excluded.quantity, amount = excluded.amount, reason = excluded.reason,
    run_id = excluded.run_id
where (r.quantity, r.amount, r.reason)
    is distinct from (excluded.quantity, excluded.amount, excluded.reason)
"""

# `told` has a row for each mention of a line and measure; `line` one for each line; a line is
# of the day its source says, and else of the first day that was posted for it.
_LINES_OF: Final = """
with stated as (
    select l.* from source_line as l where l.connection = any (%(names)s) {of_lines}
), booked as (
    select coalesce(o.subject_id, p.subject_id) as subject_id, j.source_line as name,
        j.connection, j.flow, j.fact_date, j.sku, j.quantity, j.amount, j.currency,
        p.undoes is not null as undone
    from journal as j
    join posting as p on p.id = j.posting_id left join posting as o on o.id = p.undoes
    where j.connection = any (%(names)s) {of_postings}
), told as (
    select subject_id, name, connection, flow, fact_date, sku, '' as measure,
        quantity::numeric as stated, 0::numeric as posted, 0::numeric as refused,
        false as is_row, false as is_reason, true as is_stated from stated
    union all
    select subject_id, name, connection, flow, fact_date, sku, currency, amount, 0, 0,
        false, false, true from stated where amount is not null
    union all
    select subject_id, name, connection, flow, fact_date, sku, '', null, quantity,
        case when undone then -quantity end, not undone, undone, false from booked
    union all
    select subject_id, name, connection, flow, fact_date, sku, coalesce(currency, '?'), null,
        amount, case when undone then -amount end, not undone, undone, false
    from booked where amount is not null
    union all
    select r.subject_id, r.name, s.connection, s.flow, s.created_at::date, null, '', null, null,
        r.quantity, false, true, false
    from refusal as r join subject as s on s.id = r.subject_id
    where s.connection = any (%(names)s) {of_subjects}
    union all
    select r.subject_id, r.name, s.connection, s.flow, s.created_at::date, null, r.currency,
        null, null, r.amount, false, true, false
    from refusal as r join subject as s on s.id = r.subject_id
    where r.amount is not null and s.connection = any (%(names)s) {of_subjects}
), measure as (
    select subject_id, name, measure,
        min(connection) as connection, min(flow) as flow, min(sku) as sku,
        coalesce(max(fact_date) filter (where is_stated), min(fact_date)) as fact_date,
        coalesce(sum(stated), 0) as stated, coalesce(sum(posted), 0) as posted,
        coalesce(sum(refused), 0) as refused,
        coalesce(sum(stated), 0) - coalesce(sum(posted), 0) - coalesce(sum(refused), 0) as rest,
        bool_or(is_row) as is_row, bool_or(is_reason) as is_reason,
        bool_or(is_stated) as is_stated, count(stated) > 0 as has_stated
    from told group by subject_id, name, measure
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
        s.waits <> '' or s.state <> 'done' or s.converged < s.marked as may_wait,
        case
            when w.is_missing and (s.waits <> '' or s.state <> 'done' or s.converged < s.marked)
                then 'waiting'
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


def _lines_of(subjects: Sequence[int] | None) -> str:
    """Return the query's head: all lines of the connections, or only those of subjects."""
    if subjects is None:
        return _LINES_OF.format(of_lines="", of_postings="", of_subjects="")
    return _LINES_OF.format(
        of_lines="and l.subject_id = any (%(subjects)s)",
        of_postings="and j.posting_id in (select id from posting where subject_id = any"
        " (%(subjects)s) union all select c.id from posting as c join posting as u"
        " on u.id = c.undoes where u.subject_id = any (%(subjects)s))",
        of_subjects="and r.subject_id = any (%(subjects)s)",
    )
