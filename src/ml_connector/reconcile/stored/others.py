"""What is read back of documents of others: of which source they are, or of none."""

from ml_connector.reconcile.stored import document_sql, source_sql
from ml_connector.reconcile.stored.session import StoredSession


async def known(on: StoredSession) -> frozenset[str]:
    """Return the documents of others of which it is known of what source they are."""
    beside = [row["id"] for row in await on.rows(document_sql.BESIDE_OURS)]
    found = await on.rows(document_sql.KNOWN, ids=beside) if beside else []
    in_part = await on.rows(document_sql.IN_PART)
    return frozenset([*(row["remote_id"] for row in found), *(row["id"] for row in in_part)])


async def separate(on: StoredSession) -> dict[str, str]:
    """Return the documents of others that are another matter, and than what, by decision."""
    return {
        row["id"]: f"{row['word']} {row['key']} (decision {row['decision']})"
        for row in await on.rows(source_sql.SEPARATE)
    }


async def taken(on: StoredSession) -> dict[str, str]:
    """Return by internal id which source people took a bill of others for."""
    rows = await on.rows(document_sql.TAKEN)
    return {row["id"]: f"{row['source']}, as a person took it" for row in rows}
