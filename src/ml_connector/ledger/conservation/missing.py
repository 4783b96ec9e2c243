"""What of a few subjects is neither posted nor refused, quickly.

It is what ``sums.lines`` calls missing, summed over the lines of each subject. Which state a line
is in does not matter here, nor what its subject waits for: so each line is added up once.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from ml_connector.ledger.conservation.equation import PART_OF_A_LINE
from ml_connector.ledger.conservation.sums import IS_OPEN, STAYS_UNDONE, taken_back
from ml_connector.storage.database import Connection, rows

_TAKEN_BACK: Final = taken_back("rest", "undone", "is_open")

# A counter-document belongs to the subject of the posting that it undoes.
_MISSING: Final = f"""
with wanted as materialized (
    select id as subject_id from subject
    where id = any (%(subjects)s) and connection = any (%(names)s)
), theirs as materialized (
    select p.id, p.subject_id, false as undone
    from wanted join posting as p using (subject_id) where p.undoes is null
    union all
    select c.id, u.subject_id, true
    from wanted join posting as u using (subject_id) join posting as c on c.undoes = u.id
), booked as (
    select t.subject_id, j.source_line as name, j.quantity, j.amount, j.currency,
        t.undone and {STAYS_UNDONE.format(subject="t.subject_id")} as stays_undone,
        t.undone and {IS_OPEN.format(subject="t.subject_id")} as is_open
    from theirs as t join journal as j on j.posting_id = t.id
), told as (
    select l.subject_id, l.name, m.measure, m.rest::numeric, 0::numeric as undone,
        false as is_open
    from wanted join source_line as l using (subject_id) cross join lateral (
        values ('', l.quantity::numeric), (l.currency, l.amount)) as m (measure, rest)
    where m.rest is not null
    union all
    select b.subject_id, b.name, m.measure, -m.posted,
        case when b.stays_undone then -m.posted else 0 end, b.is_open
    from booked as b cross join lateral (
        values ('', b.quantity::numeric), (coalesce(b.currency, '?'), b.amount)
        ) as m (measure, posted)
    where m.posted is not null
    union all
    select r.subject_id, r.name, m.measure, -m.refused, 0, false
    from wanted join refusal as r using (subject_id) cross join lateral (
        values ('', r.quantity::numeric), (r.currency, r.amount)) as m (measure, refused)
    where m.refused is not null
), summed as (
    select subject_id, name, measure, sum(rest) as rest, sum(undone) as undone,
        bool_or(is_open) as is_open
    from told group by 1, 2, 3
)
select subject_id, measure, sum(rest - {_TAKEN_BACK}) as rest
from summed as s
where strpos(s.name, %(part)s) = 0 or not exists (
    select 1 from source_line as l where l.subject_id = s.subject_id
    and l.name = substring(s.name from %(whole)s))
    or exists (select 1 from source_line as l
        where l.subject_id = s.subject_id and l.name = s.name)
group by 1, 2 having sum(rest - {_TAKEN_BACK}) <> 0
"""  # noqa: S608 - put together from constants of ours


async def missing(
    connection: Connection, names: Sequence[str], subjects: Sequence[int]
) -> dict[int, dict[str, Decimal]]:
    """Return what of each of these subjects is neither posted nor refused, by measure.

    Units are measured as ``UNITS``, money by its currency; a subject of which nothing is missing
    is left out.
    """
    if not subjects:
        return {}
    found = await rows(
        connection,
        _MISSING,
        {
            "names": list(names),
            "subjects": list(subjects),
            "part": PART_OF_A_LINE,
            "whole": f"^(.*){PART_OF_A_LINE}",
        },
    )
    by_subject: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in found:
        by_subject[row["subject_id"]][row["measure"]] = Decimal(row["rest"])
    return dict(by_subject)
