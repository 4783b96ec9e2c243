"""Secrets change while webhooks come in; what is refused is counted."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from acceptance.merchant import Merchant
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.webhooks.group_outcomes import SubscriptionChanges
from ml_connector.app.webhooks.sync import sync_webhooks
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import wait_until
from web.door import Door, new_secret


def synced(receiver: Merchant, *, rotate: bool) -> SubscriptionChanges:
    settings = receiver.settings.model_copy(update={"public_url": receiver.url})

    async def look() -> SubscriptionChanges:
        async with open_installation(settings) as installation:
            place = await ConnectionContexts(installation).open("acme")
            return await sync_webhooks(installation, place.shipbob, place.settings, rotate=rotate)

    return asyncio.run(look())


def test_no_fact_is_missed_while_secrets_rotate(door: Door, receiver: Merchant) -> None:
    assert door.get("/healthz").status == 200
    receiver.apply(limits="shipbob_per_minute = 1_000_000")
    hooks = receiver.world.shipbob.books.webhooks.subscriptions
    before = dict(hooks)
    hooks.clear()  # only what we make ourselves may bring them
    sku = receiver.sku("TURN")
    made: list[Wro] = []

    def arrive() -> None:
        made.extend(receiver.announce({sku: number}) for number in range(1, 31))

    with ThreadPoolExecutor(1) as pool:
        first = synced(receiver, rotate=False)
        arriving = pool.submit(arrive)
        second = synced(receiver, rotate=True)
        arriving.result()
    wanted = {str(wro.id) for wro in made}
    wait_until(lambda: wanted <= told_of(receiver))
    hooks.clear()
    hooks.update(before)
    receiver.apply()

    assert len(wanted) == 30
    assert {one.state for one in first.groups} == {one.state for one in second.groups} == {"made"}
    assert len(second.removed) == len(first.groups)


def test_what_is_under_way_while_secrets_rotate_still_comes(
    door: Door, receiver: Merchant
) -> None:
    assert door.get("/healthz").status == 200
    receiver.apply(limits="shipbob_per_minute = 1_000_000")
    shipbob = receiver.world.shipbob
    hooks = shipbob.books.webhooks.subscriptions
    before = dict(hooks)
    hooks.clear()
    old = len(synced(receiver, rotate=False).groups)
    shipbob.hold_webhooks()
    wro = receiver.announce({receiver.sku("TURN"): 3})

    with ThreadPoolExecutor(1) as pool:
        rotating = pool.submit(synced, receiver, rotate=True)
        wait_until(lambda: len(hooks) == 2 * old)
        shipbob.release_webhooks()  # told to the old subscriptions only
        rotated = rotating.result()
    wait_until(lambda: str(wro.id) in told_of(receiver))
    after = set(hooks)
    hooks.clear()
    hooks.update(before)
    receiver.apply()

    assert after == {one.id for one in rotated.groups}


def told_of(receiver: Merchant) -> set[str]:
    found = receiver.rows(
        "select distinct s.key from event as e join subject as s on s.id = e.subject_id"
        " where e.source = 'webhook'"
    )
    return {row["key"] for row in found}


def test_refusals_are_counted_by_reason_and_shown(door: Door, receiver: Merchant) -> None:
    old = datetime.now(UTC) - timedelta(minutes=10)
    statuses = [door.deliver({"id": 1}, secret=new_secret()).status for _ in range(3)]
    statuses.append(door.deliver({"id": 1}, at=old).status)
    statuses.append(door.deliver({"id": 1}, connection="nobody").status)

    def rows() -> dict[str, tuple[int, float | None]]:
        return {
            row["reason"]: (row["times"], row["clock_offset_seconds"])
            for row in receiver.rows("select * from webhook_refusal")
        }

    # Other tests may have been refused for the same reasons before.
    wait_until(
        lambda: (
            rows().get("wrong_signature", (0, 0))[0] >= 3
            and 595 < (rows().get("too_old", (0, 0))[1] or 0) < 660
        )
    )

    assert statuses == [401, 401, 401, 401, 404]
    shown = door.get("/metrics").body.decode()
    assert 'mlc_webhook_refusals{connection="acme",reason="too_old"}' in shown
    assert 'mlc_webhook_clock_offset_seconds{connection="acme"}' in shown
