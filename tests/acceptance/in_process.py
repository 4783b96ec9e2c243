"""Doing what commands do without a process of their own."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations.decisions import month_differences, taking_back
from ml_connector.app.operations.decisions.proposal import propose
from ml_connector.app.operations.decisions.recording import decide as record_decision
from ml_connector.app.operations.decisions.wanted import Wanted
from ml_connector.app.operations.sync import sync_flow
from ml_connector.app.sign_in.sync_credentials import sync_credentials
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.reconcile.compare.report import Difference
from ml_connector.words import DecisionKind


def sync(acme: Merchant, flow: str, ids: Collection[str] = ()) -> list[dict[str, Any]]:
    """What ``sync`` does: one row for each subject."""

    async def once() -> Sequence[dict[str, Any]]:
        async with open_installation(acme.settings) as installation:
            async with installation.database.transaction() as connection:
                applied = await connections.find(connection, "acme")
            assert applied is not None
            done = await sync_flow(installation, applied, FLOWS[flow], ids=list(ids), since=None)
            return done.subjects

    return list(asyncio.run(once()))


def decide_month(acme: Merchant, difference: Difference, kind: str, **named: str) -> KeptDecision:
    """What ``month decide`` does about a difference, and what is booked by it."""
    [kept] = decide_months(acme, [(difference, kind)], **named)
    return kept


def decide_months(
    acme: Merchant, decided: Sequence[tuple[Difference, str]], **named: str
) -> list[KeptDecision]:
    """What ``month decide`` does about each difference, and what is booked by all."""

    async def each() -> list[KeptDecision]:
        async with open_installation(acme.settings) as installation:
            async with installation.database.transaction() as connection:
                [applied] = await connections.every(connection)
            today = datetime.now(applied.schedule.zone).date()
            kept: list[KeptDecision] = []
            for difference, kind in decided:
                wanted = Wanted(kind=DecisionKind(kind), note="Asked about it", **named)
                proposal = await month_differences.propose(
                    installation, applied, difference.id, wanted, today=today
                )
                kept.append(await record_decision(installation, proposal, person="kim"))
            return kept

    made = asyncio.run(each())
    book_month(acme)
    return made


def book_month(acme: Merchant) -> None:
    """Let what was decided about differences be booked, as a worker does."""
    rows = acme.rows("select key from subject where flow = 'month-end'")
    done = sync(acme, "month-end", [row["key"] for row in rows])
    assert [one["state"] for one in done if one["state"] != "done"] == []


def undecide(acme: Merchant, decision: int) -> None:
    """What ``events undecide`` does."""

    async def once() -> None:
        async with open_installation(acme.settings) as installation:
            await taking_back.undecide(installation, ["acme"], decision, person="kim")

    asyncio.run(once())


def renew(acme: Merchant) -> None:
    """What ``sync credentials`` does: sign in to both systems again."""

    async def once() -> None:
        async with open_installation(acme.settings) as installation:
            async with installation.database.transaction() as connection:
                [applied] = await connections.every(connection)
            await sync_credentials(installation, applied)

    asyncio.run(once())


class Asked(NamedTuple):
    """What a person decides about an event, as the options of ``events decide`` say it."""

    event: int
    kind: str
    named: Mapping[str, str] = MappingProxyType({})


def decide_all(acme: Merchant, asked: Sequence[Asked]) -> list[KeptDecision]:
    """What ``events decide`` does for each in turn, by the functions that it calls."""

    async def each() -> list[KeptDecision]:
        async with open_installation(acme.settings) as installation:
            return [await _decided(installation, one) for one in asked]

    return asyncio.run(each())


async def _decided(installation: Installation, one: Asked) -> KeptDecision:
    wanted = Wanted(kind=DecisionKind(one.kind), note="Asked about it", **one.named)
    proposal = await propose(installation, ["acme"], one.event, wanted)
    return await record_decision(installation, proposal, person="kim")


def decide(acme: Merchant, event: int, kind: str, **named: str) -> KeptDecision:
    """What ``events decide`` does, by the functions that it calls."""
    [kept] = decide_all(acme, [Asked(event, kind, named)])
    return kept
