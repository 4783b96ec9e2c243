"""Source lines as runs see them, and what was decided about them; ``conservation`` sums them."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ml_connector.ledger.documents import Refused, SourceLine
from ml_connector.storage.database import Connection, rows


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
