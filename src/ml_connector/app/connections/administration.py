"""What a person does with a connection besides applying it: pause, resume, mode, remove."""

from dataclasses import dataclass

from ml_connector.app.connections.apply import post_what_was_noted
from ml_connector.app.connections.one_writer import one_at_a_time, refuse_second
from ml_connector.app.installation.installation import Installation
from ml_connector.ledger.connections import acts, connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.postings import survey
from ml_connector.storage.database import Connection
from ml_connector.words import Mode


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The result of an act.

    Attributes:
        changed: False when nothing had to be changed; then no act was recorded.
        woken: subjects that run again because of it.
        open_documents: documents that are prepared and not settled.
        held: the connection is held, which this act does not end.
    """

    name: str
    changed: bool
    woken: int = 0
    open_documents: int = 0
    held: bool = False


async def set_paused(
    on: Connection, applied: AppliedConnection, *, paused: bool, by: str
) -> Changed:
    """Pause or resume a connection.

    While it is paused its webhooks are stored and nothing else is done. They are worked on when
    it is resumed. A run that has begun may end first. A connection that is held stays so.

    Args:
        on: the transaction to be part of.
        applied: the connection.
        paused: pause, or resume.
        by: the person.

    Raises:
        UserError: another connection of the same accounts is live.
    """
    held = applied.held_at is not None
    if applied.paused == paused:
        return Changed(name=applied.name, changed=False, held=held)
    await one_at_a_time(on)
    await connections.set_paused(on, applied.name, paused=paused)
    await refuse_second(on, applied.name)
    await acts.record(
        on,
        by,
        "connection.pause" if paused else "connection.resume",
        connection=applied.name,
        details={"before": {"paused": applied.paused}, "after": {"paused": paused}},
    )
    return Changed(
        name=applied.name,
        changed=True,
        open_documents=await survey.count_open(on, applied.name),
        held=held,
    )


async def set_mode(
    installation: Installation, on: Connection, applied: AppliedConnection, *, mode: Mode, by: str
) -> Changed:
    """Let a connection write to both systems, or only plan and record.

    When it goes live, everything that was only noted is decided anew and posted. One that is
    held stays so.

    Args:
        installation: where.
        on: the transaction to be part of.
        applied: the connection.
        mode: ``live`` or ``dry-run``.
        by: the person.

    Raises:
        UserError: another connection of the same accounts is live.
    """
    held = applied.held_at is not None
    if applied.mode == mode:
        return Changed(name=applied.name, changed=False, held=held)
    await one_at_a_time(on)
    await connections.set_mode(on, applied.name, mode)
    await refuse_second(on, applied.name)
    woken = 0
    if mode == "live":
        woken = await post_what_was_noted(installation, on, applied.name)
    await acts.record(
        on,
        by,
        "connection.set-mode",
        connection=applied.name,
        details={"before": {"mode": applied.mode}, "after": {"mode": mode}},
    )
    return Changed(name=applied.name, changed=True, woken=woken, held=held)


async def remove(
    installation: Installation, on: Connection, applied: AppliedConnection, *, by: str
) -> Changed:
    """Remove a connection: its credentials are deleted, its books are kept.

    Events, runs, documents and journal stay. Applying a file of the same name goes on with
    them, and finds it held if it is held now.

    Args:
        installation: where.
        on: the transaction to be part of.
        applied: the connection.
        by: the person.
    """
    open_documents = await survey.count_open(on, applied.name)
    secrets = sorted(await installation.vault.fields(applied.name, on=on))
    for field in secrets:
        await installation.vault.delete(applied.name, field, on=on)
    for system in ("netsuite", "shipbob"):
        await installation.tokens.forget(applied.name, system, on=on)
    await connections.remove(on, applied.name)
    await acts.record(
        on,
        by,
        "connection.remove",
        connection=applied.name,
        details={
            "before": {**applied.stored, "mode": applied.mode, "paused": applied.paused},
            "after": None,
            "secrets": secrets,
        },
    )
    return Changed(name=applied.name, changed=True, open_documents=open_documents)
