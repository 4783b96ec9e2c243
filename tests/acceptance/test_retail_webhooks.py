"""The retailer's month told by bad webhooks: every parcel and every return is booked, once."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.merchant import fresh_database
from acceptance.service import free_port, serving
from acceptance.test_retail_month import Retailer, retailing
from ml_connector.app.installation.installation import Installation
from waiting import HANGS_AFTER_SECONDS, wait_until

SHIPMENTS, DAYS = 40, 10
LOST, DOUBLED, SHUFFLED = 0.05, 0.1, 1.0


@pytest.fixture
def told(server_url: str, template: str, tmp_path: Path) -> Iterator[Retailer]:
    port = free_port()
    with (
        fresh_database(server_url, template) as url,
        retailing(url, tmp_path, shipments=SHIPMENTS, days=DAYS, port=port) as made,
    ):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
        ours = {"MLC_DATA_DIR": str(made.settings.data_dir), "MLC_DATABASE_URL": url}
        with serving(port, {**kept, **ours}, tmp_path):
            shipbob = made.both.shipbob
            shipbob.tune_webhooks(
                variant="mixed", losses=LOST, duplicates=DOUBLED, disorder=SHUFFLED
            )
            made.story.play_all()
            shipbob.tune_webhooks(losses=0.0, duplicates=0.0, disorder=0.0)
            assert shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
            yield made


def waiting(retailer: Retailer) -> list[tuple[str, str, str]]:
    """Return what is not done, and why."""

    async def find(installation: Installation) -> list[tuple[str, str, str]]:
        found = await installation.database.fetch(
            "select flow, key, coalesce(sentence, state::text) as why from subject"
            " where state <> 'done' order by 1, 2"
        )
        return [(one["flow"], one["key"], one["why"]) for one in found]

    return retailer.run(find)


def test_bad_webhooks_end_with_every_parcel_and_return_booked_once(
    told: Retailer, tmp_path: Path
) -> None:
    both, story = told.both, told.story
    told.follow()  # what nobody told of is found by the sweeps
    wait_until(lambda: waiting(told) == [])

    report = told.close(tmp_path / "report")
    on_fulfilments = Counter(
        package["packageTrackingNumber"]
        for document in told.ours("mlc-if-")
        for package in document.get("package", {}).get("items", ())
    )
    shipped = Counter(
        parcel.tracking_number
        for shipment in both.shipbob.books.orders.shipments.values()
        if shipment.labelled and shipment.status != "Cancelled"
        for parcel in shipment.parcels
    )
    external_ids = Counter(document["externalId"] for document in told.ours("mlc-"))

    assert shipped
    assert story.expected.returned
    assert on_fulfilments == shipped
    assert set(external_ids.values()) == {1}
    assert [one for one in story.differences() if one.shipbob != one.netsuite] == []
    assert report.green
