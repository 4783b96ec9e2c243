"""``sync`` with an id that the source never had: an error of the command, and nothing is kept."""

from collections.abc import Iterator

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.test_poison_rows import poison
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS

NOBODY_HAS = "987654"


@pytest.fixture(scope="module")
def asked(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    folder = tmp_path_factory.mktemp("mistyped")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.apply()
        yield made


def kept(acme: Merchant) -> list[dict[str, object]]:
    return acme.rows("select flow, key from subject union all select source, topic from event")


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_an_id_that_the_source_never_had_is_kept_nowhere(asked: Merchant, flow: str) -> None:
    with pytest.raises(UserError, match=NOBODY_HAS) as refused:
        sync(asked, flow, [NOBODY_HAS])

    assert refused.value.next_step.startswith("Nothing was done")
    assert kept(asked) == []


def test_the_command_says_so_and_does_nothing_of_the_others(unserved: Merchant) -> None:
    unserved.apply()
    tee = unserved.sku("TEE")
    wro = unserved.deliver({tee: 3}, number=unserved.order({tee: 3}))
    refused = unserved.command("sync", "receiving", "--id", str(wro.id), "--id", NOBODY_HAS)
    nothing = kept(unserved)
    done = unserved.command("sync", "receiving", "--id", str(wro.id))

    assert (refused.status, done.status) == (1, 0)
    assert f"ShipBob has no WRO {NOBODY_HAS}" in refused.err
    assert nothing == []


def test_what_shipbob_had_once_runs_and_waits(unserved: Merchant) -> None:
    unserved.apply()
    tee = unserved.sku("TEE")
    wro = unserved.announce({tee: 3}, number=unserved.order({tee: 3}))
    sync(unserved, "receiving", [str(wro.id)])
    unserved.world.shipbob.books.receiving.wros.pop(wro.id)
    [gone] = sync(unserved, "receiving", [str(wro.id)])

    assert (gone["state"], gone["cause"]) == ("parked", "record_not_found")


def test_what_can_not_be_read_is_there(unserved: Merchant) -> None:
    unserved.apply()
    tee = unserved.sku("TEE")
    wro = unserved.deliver({tee: 3}, number=unserved.order({tee: 3}))
    poison(unserved, "receiving", wro.id)
    [stopped] = sync(unserved, "receiving", [str(wro.id)])

    assert (stopped["state"], stopped["cause"]) == ("dead", "event_unreadable")
