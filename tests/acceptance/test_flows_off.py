"""A flow that is switched off: stored, ignored, not swept; and nothing is lost when it is on."""

from acceptance.merchant import Merchant
from waiting import HANGS_AFTER_SECONDS, wait_until


def test_what_came_while_a_flow_was_off_is_booked_once_it_is_on(acme: Merchant) -> None:
    cap = acme.sku("CAP")
    acme.apply(flows="receiving = false")
    wros = []

    def is_ignored() -> bool:
        wros.append(acme.deliver({cap: 3}))
        assert acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
        return acme.subject(wros[-1]) == {}

    wait_until(is_ignored)  # the web process looks for new settings every few seconds
    for wro in wros[:-1]:
        acme.wait_for(wro, "parked")
    causes = {acme.subject(wro)["cause"] for wro in wros[:-1]}
    told = acme.rows(
        "select status, subject_id from event where topic like 'wro.%%' order by id desc limit 1"
    )
    refused = acme.command("sync", "receiving")
    shown = acme.command("plan", "receiving", "--id", str(wros[-1].id), "--json")
    nothing = acme.books(cap)

    acme.apply()
    synced = acme.command("sync", "receiving", "--json")
    for wro in wros:
        acme.wait_for(wro)

    assert causes <= {"flow_off"}
    assert told == [{"status": "ignored", "subject_id": None}]
    assert refused.status == 1
    assert "receiving is switched off" in refused.err
    assert "[flows]" in refused.err
    assert shown.status == 0
    assert (nothing.netsuite, nothing.journal) == ({}, {})
    assert synced.status == 0
    assert acme.books(cap) == ({(cap, 6): 3 * len(wros)},) * 3


def test_a_flow_that_is_off_is_not_needed_by_ping(acme: Merchant) -> None:
    acme.apply(flows="returns = false\ntracking = false")
    pinged = acme.command("ping", "--json")
    acme.apply()
    needed = {one["check"]: one["needed"] for one in pinged.json["checks"]}

    assert not needed["scope returns_read"]
    assert not needed["scope orders_read"]
    assert not needed["permission Sales Order"]
    assert not needed["permission Return Authorization"]
    assert needed["permission Item Receipt"]
    assert needed["scope receiving_read"]
