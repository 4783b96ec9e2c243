"""Source lines as runs see them, and the refusals among them; ``sums`` adds them up."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.postings.documents import RefusedUnits, SourceLine
from ml_connector.storage.database import Connection, recordset, rows


async def keep(connection: Connection, seen: Sequence[tuple[Run, Sequence[SourceLine]]]) -> None:
    """Keep all lines of subjects as their runs have seen them; unchanged ones are not written.

    Lines of one name and currency are added up. A line without a date is of the day on which its
    source was first heard of.
    """
    values = [
        {
            "subject": run.subject.id,
            "run": run.id,
            "connection": run.subject.ref.connection,
            "flow": run.subject.ref.flow,
            "name": name,
            "currency": currency,
            "fact_date": line.fact_date,
            "sku": line.sku,
            "quantity": line.quantity,
            "amount": line.amount,
            "center": line.center,
        }
        for run, lines in seen
        for (name, currency), line in _added_up(lines).items()
    ]
    subjects = [run.subject.id for run, _ in seen]
    await rows(connection, _KEEP, {"subjects": subjects, "lines": recordset(values)})


async def decide(
    connection: Connection, decided: Sequence[tuple[Run, Sequence[RefusedUnits], str]]
) -> None:
    """Keep what runs decided to refuse, in place of earlier refusals.

    Args:
        connection: inside the transaction that keeps the decisions.
        decided: each run with all that is not posted on purpose, and why missing lines may
            wait although nothing failed; empty when they may not.
    """
    values = [
        {
            "subject": run.subject.id,
            "run": run.id,
            "name": name,
            "currency": currency,
            "quantity": one.quantity,
            "amount": one.amount,
            "reason": one.reason,
        }
        for run, refused, _ in decided
        for (name, currency), one in _reasoned(refused).items()
    ]
    subjects = [run.subject.id for run, _, _ in decided]
    await rows(connection, _REFUSE, {"subjects": subjects, "refused": recordset(values)})
    waiting = [{"id": run.subject.id, "waits": waits} for run, _, waits in decided]
    await rows(
        connection,
        "update subject as s set waits = w.waits"
        " from json_to_recordset(%(waiting)s) as w (id bigint, waits text)"
        " where s.id = w.id and s.waits <> w.waits",
        {"waiting": recordset(waiting)},
    )


def _added_up(lines: Sequence[SourceLine]) -> dict[tuple[str, str], SourceLine]:
    merged: dict[tuple[str, str], SourceLine] = {}
    for line in lines:
        key = (line.source_line, _currency(line))
        merged[key] = _plus(merged[key], line) if key in merged else line
    return merged


def _reasoned(refused: Sequence[RefusedUnits]) -> dict[tuple[str, str], RefusedUnits]:
    merged: dict[tuple[str, str], RefusedUnits] = {}
    for one in refused:
        key = (one.source_line, _currency(one))
        if key in merged:
            before = merged[key]
            reason = "; ".join(dict.fromkeys([before.reason, one.reason]))
            one = msgspec.structs.replace(_plus(before, one), reason=reason)  # noqa: PLW2901 - added up
        merged[key] = one
    return merged


def _currency(line: SourceLine | RefusedUnits) -> str:
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
    select s.subject, s.run, s.connection, s.flow, s.name, s.currency, s.sku, s.quantity,
        s.amount, s.center, coalesce(s.fact_date,
            (select w.created_at::date from subject as w where w.id = s.subject)) as fact_date
    from json_to_recordset(%(lines)s) as s (
        subject bigint, run bigint, connection text, flow text, name text, currency text,
        fact_date date, sku text, quantity bigint, amount numeric, center bigint)
), gone as (
    delete from source_line as l where l.subject_id = any (%(subjects)s)
    and not exists (select 1 from seen
        where (seen.subject, seen.name, seen.currency) = (l.subject_id, l.name, l.currency))
)
insert into source_line as l (subject_id, name, currency, connection, flow, fact_date, sku,
                              quantity, amount, center, run_id)
select subject, name, currency, connection, flow, fact_date, sku, quantity, amount, center, run
from seen
on conflict (subject_id, name, currency) do update set
    fact_date = excluded.fact_date, sku = excluded.sku, quantity = excluded.quantity,
    amount = excluded.amount, center = excluded.center, run_id = excluded.run_id
where (l.fact_date, l.sku, l.quantity, l.amount, l.center) is distinct from
    (excluded.fact_date, excluded.sku, excluded.quantity, excluded.amount, excluded.center)
"""

_REFUSE: Final = """
with said as (
    select * from json_to_recordset(%(refused)s) as s (
        subject bigint, run bigint, name text, currency text, quantity bigint, amount numeric,
        reason text)
), gone as (
    delete from refusal as r where r.subject_id = any (%(subjects)s)
    and not exists (select 1 from said
        where (said.subject, said.name, said.currency) = (r.subject_id, r.name, r.currency))
)
insert into refusal as r (subject_id, name, currency, quantity, amount, reason, run_id)
select subject, name, currency, quantity, amount, reason, run from said
on conflict (subject_id, name, currency) do update set
    quantity = excluded.quantity, amount = excluded.amount, reason = excluded.reason,
    run_id = excluded.run_id
where (r.quantity, r.amount, r.reason)
    is distinct from (excluded.quantity, excluded.amount, excluded.reason)
"""
