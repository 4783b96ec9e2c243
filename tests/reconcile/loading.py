"""A world put into the database, as runs and postings would have left it."""

import msgspec

from ml_connector.reconcile.compare.sides import Fact
from ml_connector.reconcile.stored.rows import LiveLine
from ml_connector.storage.database import Connection, Database, rows
from reconcile.worlds import World


async def load(database: Database, world: World) -> None:
    """Write journal, postings, subjects, source lines and refusals of a world.

    Triggers are off: hashes and chains are of no interest here.
    """
    async with database.transaction() as on:
        await rows(on, "set local session_replication_role = replica")
        for table in ("journal", "refusal", "source_line", "posting", "subject", "connection"):
            await rows(on, f"delete from {table}")  # noqa: S608 - our own constants
        await rows(
            on, "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
        )
        subjects = await _subjects(on, world)
        for fact in world.facts:
            if fact.told:
                await _fact(on, subjects[fact.flow, fact.source], fact)
        await _journal(on, world, subjects)


async def _subjects(on: Connection, world: World) -> dict[tuple[str, str], int]:
    waiting = {
        (fact.flow, fact.source): fact.waiting for fact in world.facts if fact.waiting is not None
    }
    known = {(fact.flow, fact.source) for fact in world.facts if fact.told}
    known |= {(entry.flow, entry.source) for entry in world.entries}
    found: dict[tuple[str, str], int] = {}
    for flow, source in sorted(known):
        waits = waiting.get((flow, source))
        [row] = await rows(
            on,
            "insert into subject (connection, flow, key, state, cause, sentence, remedy) values"
            " ('acme', %(flow)s, %(key)s, %(state)s, %(cause)s, %(sentence)s, %(remedy)s)"
            " returning id",
            {
                "flow": flow,
                "key": source.rpartition(" ")[2],
                "state": waits.state if waits else "done",
                "cause": waits.cause if waits else None,
                "sentence": waits.sentence if waits else None,
                "remedy": waits.remedy if waits else None,
            },
        )
        found[flow, source] = row["id"]
    return found


async def _fact(on: Connection, subject_id: int, fact: Fact) -> None:
    kept = {name: getattr(fact, name) for name in fact.__struct_fields__ if name != "waiting"}
    parameters = {
        **kept,
        "subject": subject_id,
        "name": fact.source_line,
        "currency": fact.currency or "",
    }
    await rows(
        on,
        "insert into source_line (subject_id, name, currency, connection, flow, fact_date, sku,"
        " quantity, amount, run_id) values (%(subject)s, %(name)s, %(currency)s, 'acme',"
        " %(flow)s, %(fact_date)s, %(sku)s, %(quantity)s, %(amount)s, 1)",
        parameters,
    )
    if fact.refused:
        await rows(
            on,
            "insert into refusal (subject_id, name, currency, quantity, amount, reason, run_id)"
            " values (%(subject)s, %(name)s, %(currency)s, %(refused)s, null, %(reason)s, 1)",
            parameters,
        )


async def _journal(on: Connection, world: World, subjects: dict[tuple[str, str], int]) -> None:
    postings: dict[str, int] = {}
    for entry in sorted(world.entries, key=lambda one: one.number):
        if entry.external_id not in postings:
            [row] = await rows(
                on,
                "insert into posting (connection, subject_id, run_id, system, kind, external_id,"
                " state, document, document_hash) values ('acme', %(subject)s, 1, 'netsuite',"
                " %(kind)s, %(id)s, 'done', '{}', '') returning id",
                {
                    "subject": subjects[entry.flow, entry.source],
                    "kind": entry.kind,
                    "id": entry.external_id,
                },
            )
            postings[entry.external_id] = row["id"]
        await rows(
            on,
            "insert into journal (connection, number, posted_at, posting_id, run_id, flow,"
            " source, source_line, target, external_id, fact_date, posting_date, sku, item,"
            " location, quantity, amount, currency, account, detail, previous_hash, hash) values"
            " ('acme', %(number)s, now(), %(posting)s, 1, %(flow)s, %(source)s, %(source_line)s,"
            " %(target)s, %(external_id)s, %(fact_date)s, %(posting_date)s, %(sku)s, %(item)s,"
            " %(location)s, %(quantity)s, %(amount)s, %(currency)s, %(account)s, %(detail)s, '',"
            " %(hash)s)",
            {
                **msgspec.structs.asdict(entry),
                "posting": postings[entry.external_id],
                "target": f"{entry.kind} {entry.remote_id}",
                "hash": f"{entry.number:064x}",
            },
        )


def live(world: World) -> list[LiveLine]:
    """Return the lines that nothing ever told us of, as ShipBob's lists show them."""
    return [
        LiveLine(
            flow=fact.flow,
            key=fact.source.rpartition(" ")[2],
            name=fact.source_line,
            currency=fact.currency or "",
            fact_date=fact.fact_date,
            sku=fact.sku,
            quantity=fact.quantity,
            amount=fact.amount,
        )
        for fact in world.facts
        if not fact.told
    ]
