"""Which NetSuite records the books know as those of a flow's subjects."""

from collections.abc import Collection, Mapping

from ml_connector.storage.database import Database


async def latest_records(
    database: Database,
    connection_name: str,
    flow: str,
    keys: Collection[str],
    *,
    kinds: Collection[str],
) -> Mapping[str, str]:
    """Return the internal id of the record that each subject has made or changed last.

    Args:
        database: the ledger.
        connection_name: whose subjects.
        flow: of the subjects.
        keys: of the subjects; none is returned for one that has none.
        kinds: of the documents that made or changed the records.
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
            "kinds": sorted(kinds),
        },
    )
    return {row["key"]: row["remote_id"] for row in found}
