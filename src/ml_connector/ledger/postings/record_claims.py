"""Records of others that one subject takes for its own: no two subjects take the same alone.

Two runs at the same moment may both have read a record that names neither. Whoever records its
decision second sees what the first one has written down, and plans anew.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.postings.documents import RecordClaim
from ml_connector.storage.database import Connection, rows

# In one order for everybody: two transactions never wait for each other.
_HOLD: Final = """
select pg_advisory_xact_lock(number) from (
    select distinct hashtextextended(name, 17) as number from unnest(%(names)s::text[]) as name
    order by 1
) as ordered
"""

# Of subjects of other orders only what they took within an hour: so long a record may not show it.
# After that its own marks say whose it is, and people may have given it to somebody else.
_TAKEN: Final = """
with w as materialized (
    select * from json_to_recordset(%(claims)s::text::json) as w (
        run bigint, connection text, flow text, record text, against json, siblings json)
), took as (
    select w.run, w.flow, w.siblings, p.subject_id from w
    join posting as p on p.connection = w.connection and p.remote_id = w.record
        and p.state in ('done', 'adopted')
    where p.created_at > now() - interval '1 hour'
    union all
    select w.run, w.flow, w.siblings, p.subject_id from w
    join posting as p on p.connection = w.connection
        and p.state in ('prepared', 'sending', 'alarm')
        and w.record = p.document -> 'request' ->> 'fulfillment_id'
)
select w.run from w
join subject as s on s.connection = w.connection and s.flow = w.flow
    and s.key in (select json_array_elements_text(w.against))
join posting as p on p.subject_id = s.id and p.system = 'netsuite'
    and p.state in ('prepared', 'sending', 'alarm', 'done', 'adopted')
    and w.record = coalesce(p.remote_id, p.document -> 'request' ->> 'fulfillment_id')
union
select took.run from took join subject as s on s.id = took.subject_id and s.flow = took.flow
where json_array_length(took.siblings) > 0
    and s.key not in (select json_array_elements_text(took.siblings))
"""


async def lost(connection: Connection, claimed: Sequence[tuple[Run, RecordClaim]]) -> set[int]:
    """Return the runs whose record another subject has taken meanwhile, by their ids.

    Args:
        connection: inside the transaction that keeps the decisions of the runs; until it ends,
            nobody else claims the same records.
        claimed: each run, and what it takes.
    """
    names = [f"{run.subject.ref.connection} {claim.record}" for run, claim in claimed]
    await rows(connection, _HOLD, {"names": names})
    values = [
        {
            "run": run.id,
            "connection": run.subject.ref.connection,
            "flow": run.subject.ref.flow,
            "record": claim.record,
            "against": claim.against,
            "siblings": claim.siblings,
        }
        for run, claim in claimed
    ]
    found = await rows(connection, _TAKEN, {"claims": msgspec.json.encode(values).decode()})
    taken = {row["run"] for row in found}
    holders: dict[str, set[str]] = defaultdict(set)
    for name, (run, claim) in zip(names, claimed, strict=True):
        strangers = holders[name] - {*claim.siblings} if claim.siblings else set()
        if run.id not in taken and (strangers or holders[name] & {*claim.against}):
            taken.add(run.id)
        if run.id not in taken:
            holders[name].add(run.subject.ref.key)
    return taken
