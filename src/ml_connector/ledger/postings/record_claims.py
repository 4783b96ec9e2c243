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

_TAKEN: Final = """
select w.run
from json_to_recordset(%(claims)s::text::json) as w (
    run bigint, connection text, flow text, record text, against json)
join subject as s on s.connection = w.connection and s.flow = w.flow
    and s.key in (select json_array_elements_text(w.against))
join posting as p on p.subject_id = s.id and p.system = 'netsuite'
    and p.state in ('prepared', 'sending', 'alarm', 'done', 'adopted')
    and w.record = coalesce(p.remote_id, p.document -> 'request' ->> 'fulfillment_id')
group by 1
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
        }
        for run, claim in claimed
    ]
    found = await rows(connection, _TAKEN, {"claims": msgspec.json.encode(values).decode()})
    taken = {row["run"] for row in found}
    holders: dict[str, set[str]] = defaultdict(set)
    for name, (run, claim) in zip(names, claimed, strict=True):
        if run.id not in taken and holders[name] & {*claim.against}:
            taken.add(run.id)
        if run.id not in taken:
            holders[name].add(run.subject.ref.key)
    return taken
