"""No failing path writes a secret, or the body of a webhook, into any log."""

import base64
import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.sim.faults import Fault
from ml_connector.sim.shipbob.webhooks.webhooks import sign
from waiting import HANGS_AFTER_SECONDS, wait_until

CANARY = "canary-4c1f9e"

_PART = 32
"""So many characters of a secret give it away."""


class Loud(Merchant):
    """A merchant whose service logs as much as it can, in one of the two formats."""

    style = "json"

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "MLC_LOG_FORMAT": self.style, "MLC_LOG_LEVEL": "debug"}


class Plain(Loud):
    """The same, in the format for people."""

    style = "console"


@pytest.fixture(params=[Loud, Plain], ids=["json", "console"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, server_url: str, template: str
) -> Iterator[Merchant]:
    with fresh_database(server_url, template) as url, merchant(tmp_path, url) as made:
        yield request.param(**{name: getattr(made, name) for name in made.__dataclass_fields__})


def tell(shop: Merchant, webhook_id: str) -> int:
    """Send a delivery that is signed well and whose body nobody may show."""
    body = json.dumps({"address": CANARY, "id": 1, "topic": "wro.updated"}).encode()
    now = int(time.time())
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(shop.secret, webhook_id, now, body),
        "webhook-topic": "wro.updated",
        "content-type": "application/json",
    }
    answer = httpx2.post(
        f"{shop.url}/webhooks/shipbob/acme",
        content=body,
        headers=headers,
        trust_env=False,
        timeout=HANGS_AFTER_SECONDS,
    )
    return answer.status_code


def damage(shop: Merchant, field: str) -> None:
    shop.rows(
        "update secret set ciphertext = set_byte(ciphertext, 3, get_byte(ciphertext, 3) # 255)"
        " where field like %(field)s returning 1",
        field=field,
    )


def change(shop: Merchant, statement: str) -> None:
    assert shop.database_url is not None
    with psycopg.connect(shop.database_url, autocommit=True) as connection:
        connection.execute(statement.encode())


def cut(shop: Merchant) -> None:
    """Cut all connections that the service has to its database."""
    change(
        shop,
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()",
    )


def secrets_of(shop: Merchant) -> list[str]:
    key = base64.b64decode((shop.folder / "data" / "master.key").read_text().split()[0])
    private = shop.world.private_key.splitlines()[1:-1]
    return [
        CANARY,
        CANARY.encode().hex(),  # as PostgreSQL repeats a body
        base64.b64encode(key).decode().rstrip("="),
        key.hex(),
        repr(key)[2:-1],
        shop.secret.removeprefix("whsec_"),
        shop.world.token,
        *private,
    ]


def is_in(secret: str, said: str) -> bool:
    """Whether a secret, or a good part of it, was written: whole, escaped, or over two lines."""
    part = secret[:_PART]
    joined = re.sub(r"[\s\u2500-\u257f]+", "", said)
    return any(part in text for text in (said, said.replace("\\\\", "\\"), joined))


@contextlib.contextmanager
def refusing(shop: Merchant, table: str) -> Iterator[None]:
    """Let a table take no new row: PostgreSQL then repeats the whole row in its refusal."""
    change(shop, f"alter table {table} add constraint takes_nothing check (false) not valid")
    yield
    change(shop, f"alter table {table} drop constraint takes_nothing")


def break_down(shop: Merchant) -> None:
    """Let happen what nobody foresaw: bugs, which are logged with their tracebacks."""
    with refusing(shop, "event"):
        assert tell(shop, "repeated") == 500
    with refusing(shop, "posting"):
        shop.wait_for(
            shop.deliver({(sku := shop.sku("BUG")): 2}, number=shop.order({sku: 2})), "dead"
        )


def provoke(shop: Merchant) -> None:
    """Let everything fail that can fail."""
    tee = shop.sku("TEE")
    number = shop.order({tee: 90})
    assert tell(shop, "one") == 200
    shop.world.netsuite.fault("token_revoked", path="/services/rest", times=2)
    shop.world.netsuite.fault("truncated", path="/suiteql", times=2)
    shop.world.shipbob.add_fault(Fault(kind="truncated", path="receiving", times=2))
    shop.world.netsuite.fault("cut_after_commit", method="POST", path="!transform", times=1)
    wro = shop.deliver({tee: 20}, number=number)
    for turn in range(5):
        cut(shop)
        with contextlib.suppress(httpx2.HTTPError):
            tell(shop, f"cut {turn}")
    shop.wait_for(wro)
    break_down(shop)
    damage(shop, "shipbob.webhook_secrets.%")
    tell(shop, "damaged")
    damage(shop, "netsuite.private_key")
    shop.rows("delete from token returning 1")
    other = shop.deliver({tee: 10}, number=number)
    wait_until(lambda: shop.command("sync", "receiving", "--id", str(other.id)).status != 0)


def tracebacks(shop: Merchant, said: str) -> set[tuple[str, str]]:
    """Return which errors were logged with their tracebacks: the event, and the error's type."""
    if shop.environment["MLC_LOG_FORMAT"] == "console":
        found = re.findall(
            r"\[error +\] (\w+)[^\n]*\nTraceback .*?^(?:\w+\.)*(\w+): ",
            said,
            re.DOTALL | re.MULTILINE,
        )
        return {(event, error) for event, error in found}
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return {
        (line["event"], told["exc_type"])
        for line in lines
        for told in line.get("exception", ())
        if told["frames"]
    }


def test_no_secret_and_no_body_is_in_any_log(shop: Merchant) -> None:
    with shop.serving(console=True) as service:
        provoke(shop)
        said = service.said
    said += service.said
    said += "".join(
        answered.out + answered.err
        for answered in (
            shop.command("ping"),
            shop.command("alarms", "list"),
            shop.command("events", "list"),
            shop.command("sync", "receiving"),
            shop.command("connection", "show"),
            shop.command("webhooks", "test"),
        )
    )

    assert tracebacks(shop, said) >= {
        ("webhook_failed", "CheckViolation"),
        ("bug", "CheckViolation"),
    }
    assert [secret for secret in secrets_of(shop) if is_in(secret, said)] == []
