"""Which NetSuite records the books know as those of a flow's subjects."""

from collections.abc import Collection, Mapping

from ml_connector.storage.database import Database
from ml_connector.words import DocumentKind


async def latest_records(
    database: Database,
    connection_name: str,
    flow: str,
    keys: Collection[str],
    *,
    record_type: str,
) -> Mapping[str, str]:
    """Return the internal id of the record that each subject has made or changed last.

    Args:
        database: the ledger.
        connection_name: whose subjects.
        flow: of the subjects.
        keys: of the subjects; none is returned for one that has none.
        record_type: of the records; all documents count that make or change such ones.
    """
    if not keys:
        return {}
    found = await database.fetch(
        "select distinct on (s.key) s.key, p.remote_id from subject as s"
        " join posting as p on p.subject_id = s.id"
        " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)"
        " and p.system = 'netsuite' and p.state in ('done', 'adopted')"
        " and p.kind = any (%(kinds)s)"
        " and p.remote_id is not null order by s.key, p.id desc",
        {
            "connection": connection_name,
            "flow": flow,
            "keys": sorted(keys),
            "kinds": sorted(kind for kind in DocumentKind if kind.record_type == record_type),
        },
    )
    return {row["key"]: row["remote_id"] for row in found}
