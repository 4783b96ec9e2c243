"""What one connection's secrets cost the others when they can't be opened: nothing."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from acceptance.merchant import Merchant
from ml_connector.app.alarms.watch import watch_books
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.installation import open_installation
from ml_connector.config import connection as connection_file
from ml_connector.ledger.alarms.alarms import Alarm, open_alarms
from ml_connector.secret import Secret
from waiting import HANGS_AFTER_SECONDS, wait_until
from web.door import Door, Reply, new_secret

BODY = {"id": 4711}


@dataclass(frozen=True)
class Neighbour:
    """A second connection of the same installation, with two webhook secrets of its own."""

    receiver: Merchant
    door: Door
    name: str
    first: str
    second: str

    def deliver(self, secret: str) -> Reply:
        return self.door.deliver(BODY, connection=self.name, secret=secret)

    def damage(self, fields: str) -> None:
        """Change a byte of what is stored of these secrets."""
        changed = self.receiver.rows(
            "with changed as (update secret"
            " set ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1)"
            " where connection = %(name)s and field like %(fields)s returning field)"
            " select field from changed",
            name=self.name,
            fields=fields,
        )
        assert changed


@pytest.fixture
def neighbour(receiver: Merchant, door: Door) -> Iterator[Neighbour]:
    name = f"neighbour-{next(receiver.numbers)}"
    first, second = new_secret(), new_secret()
    application = receiver.world.application
    path = receiver.connection_file(mode="dry-run")
    text = path.read_text("utf-8").replace('name = "acme"', f'name = "{name}"')
    text = text.replace(f'["{receiver.secret}"]', f'["{first}", "{second}"]').replace(
        "[shipbob]\n",
        f'[shipbob]\nclient_id = "{application.client_id}"\n'
        f'client_secret = "{application.client_secret}"\n',
    )
    path.write_text(text, "utf-8")
    settings = connection_file.read(path)

    async def apply() -> None:
        async with open_installation(receiver.settings) as installation:
            await apply_connection(installation, settings, person="test", ping_first=False)

    asyncio.run(apply())
    yield Neighbour(receiver, door, name, first, second)
    removed = receiver.command("connection", "remove", name, "--yes")
    assert removed.status == 0, removed.err


def answers(door: Door) -> dict[str, float]:
    families = text_string_to_metric_families(door.get("/metrics").body.decode())
    return {
        sample.labels["answer"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "mlc_webhooks_total"
    }


def test_secrets_that_cannot_be_opened_are_the_trouble_of_their_own_connection(
    neighbour: Neighbour, door: Door
) -> None:
    neighbour.damage("shipbob.webhook_secret%")
    before = answers(door).get("503", 0)
    broken = [neighbour.deliver(neighbour.first), neighbour.deliver(neighbour.second)]
    other = door.deliver(BODY)

    assert [reply.status for reply in broken] == [503, 503]
    assert "secrets" in broken[0].json["error"]
    assert broken[0].json["hint"]
    assert (other.status, other.json["status"]) == (200, "accepted")
    assert answers(door)["503"] == before + 2
    line = f'mlc_webhook_refusals{{connection="{neighbour.name}",reason="secrets_unusable"}} 2.0'
    wait_until(lambda: line in door.get("/metrics").body.decode())
    assert door.get("/readyz").status == 200


def test_a_secret_that_can_be_opened_goes_on_verifying(neighbour: Neighbour) -> None:
    neighbour.damage("shipbob.webhook_secrets.0")

    assert neighbour.deliver(neighbour.first).status == 503
    assert neighbour.deliver(neighbour.second).status == 200
    assert neighbour.deliver(new_secret()).status == 503  # it may be signed with the lost one


def test_a_configured_secret_that_could_be_guessed_is_not_accepted(
    neighbour: Neighbour, receiver: Merchant
) -> None:
    short = "whsec_" + b64encode(b"k" * 23).decode()

    async def put() -> None:
        async with open_installation(receiver.settings) as installation:
            await installation.vault.put(
                neighbour.name, "shipbob.webhook_secrets.0", Secret(short)
            )
            await watch_books(installation)
            async with installation.database.transaction() as on:
                alarms.extend(await open_alarms(on, [neighbour.name]))

    alarms: list[Alarm] = []
    asyncio.run(put())

    assert neighbour.deliver(short).status == 503
    assert neighbour.deliver(neighbour.second).status == 200
    assert [alarm.kind for alarm in alarms] == ["credentials"]
    assert "shorter than 24 bytes" in alarms[0].sentence


def test_a_secret_that_was_mended_is_used_within_seconds(neighbour: Neighbour) -> None:
    neighbour.damage("shipbob.webhook_secret%")
    broken = neighbour.deliver(neighbour.first).status
    neighbour.damage("shipbob.webhook_secret%")  # the same bit again

    assert broken == 503
    wait_until(lambda: neighbour.deliver(neighbour.first).status == 200)


def test_the_web_process_needs_no_other_secret_for_webhooks(neighbour: Neighbour) -> None:
    for fields in ("netsuite.%", "shipbob.token", "shipbob.client_secret"):
        neighbour.damage(fields)

    assert neighbour.deliver(neighbour.first).status == 200


def test_a_consent_opens_neither_netsuites_key_nor_webhook_secrets(
    neighbour: Neighbour, receiver: Merchant
) -> None:
    for fields in ("netsuite.%", "shipbob.webhook_secret%"):
        neighbour.damage(fields)
    with httpx2.Client(trust_env=False, timeout=HANGS_AFTER_SECONDS) as client:
        begun = client.get(f"{receiver.url}/oauth/shipbob/start?connection={neighbour.name}")

    assert begun.status_code == 302, begun.text
