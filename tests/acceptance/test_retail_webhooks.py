"""The retailer's month told by bad webhooks: every parcel and every return is booked, once."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from acceptance.merchant import fresh_database
from acceptance.polling import wait_until
from acceptance.service import free_port, serving
from acceptance.test_retail_month import ZONE, Retailer
from ml_connector.app import applying, setup
from ml_connector.app.installation import Installation
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.flows import FLOWS
from ml_connector.sim.stories.retailer import RetailerStory
from ml_connector.sim.world import world

SHIPMENTS, DAYS = 40, 10
LOST, DOUBLED, SHUFFLED = 0.05, 0.1, 1.0


class Told(NamedTuple):
    """The story, followed by a service, and what is not done of it."""

    retailer: Retailer

    def open(self) -> list[tuple[str, str, str]]:
        async def find(installation: Installation) -> list[tuple[str, str, str]]:
            found = await installation.database.fetch(
                "select flow, key, coalesce(sentence, state::text) as why from subject"
                " where state <> 'done' order by 1, 2"
            )
            return [(one["flow"], one["key"], one["why"]) for one in found]

        return self.retailer.run(find)


@pytest.fixture
def told(server_url: str, template: str, tmp_path: Path) -> Iterator[Told]:
    with world() as both, fresh_database(server_url, template) as url:
        story = RetailerStory(both.netsuite, both.shipbob, shipments=SHIPMENTS, days=DAYS)
        story.set_up()
        settings = Settings(data_dir=tmp_path / "data", database_url=url)
        setup.initialise(settings)
        port = free_port()
        topics = {topic for flow in FLOWS.values() for topic in flow.topics}
        _, secret = both.shipbob.subscribe(
            f"http://127.0.0.1:{port}/webhooks/shipbob/acme", topics
        )
        path = tmp_path / "acme.toml"
        first = datetime.now(ZONE).date().replace(day=1)
        path.write_text(
            both.connection_file(
                secret, subsidiary=1, head=f"start_date = {first}", **story.connection_tables()
            ),
            "utf-8",
        )
        retailer = Retailer(both, story, settings)

        async def apply(installation: Installation) -> None:
            await applying.apply_connection(
                installation, connection_file.read(path), person="me", ping_first=False
            )

        retailer.run(apply)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
        ours = {"MLC_DATA_DIR": str(tmp_path / "data"), "MLC_DATABASE_URL": url}
        with serving(port, {**kept, **ours}, tmp_path):
            both.shipbob.tune_webhooks(
                variant="mixed", losses=LOST, duplicates=DOUBLED, disorder=SHUFFLED
            )
            story.play_all()
            both.shipbob.tune_webhooks(losses=0.0, duplicates=0.0, disorder=0.0)
            assert both.shipbob.wait_for_webhooks()
            yield Told(retailer)


@pytest.mark.timeout(400)  # a month of every flow, in real time
def test_bad_webhooks_end_with_every_parcel_and_return_booked_once(
    told: Told, tmp_path: Path
) -> None:
    both, story = told.retailer.both, told.retailer.story
    told.retailer.follow()  # what nobody told of is found by the sweeps
    wait_until(lambda: told.open() == [], 120)

    report = told.retailer.close(tmp_path / "report")
    on_fulfilments = Counter(
        package["packageTrackingNumber"]
        for document in told.retailer.ours("mlc-if-")
        for package in document.get("package", {}).get("items", ())
    )
    shipped = Counter(
        parcel.tracking_number
        for shipment in both.shipbob.books.orders.shipments.values()
        if shipment.labelled and shipment.status != "Cancelled"
        for parcel in shipment.parcels
    )
    external_ids = Counter(document["externalId"] for document in told.retailer.ours("mlc-"))

    assert shipped
    assert story.expected.returned
    assert on_fulfilments == shipped
    assert set(external_ids.values()) == {1}
    assert [one for one in story.differences() if one.shipbob != one.netsuite] == []
    assert report.green
