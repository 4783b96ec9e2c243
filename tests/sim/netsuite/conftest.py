"""A small OneWorld company with a purchase order, served in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]


@dataclass(frozen=True)
class Company:
    """Ids of what the books hold at first."""

    subsidiary: int = 2
    warehouse: int = 6
    shipbob: int = 7
    adjustment: int = 254
    freight: int = 61
    storage: int = 62
    vendor: int = 1722
    customer: int = 164
    item: int = 20
    other: int = 21
    lot: int = 31


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW, speed=0)


@pytest.fixture
def ids() -> Company:
    return Company()


@pytest.fixture
def sim(clock: Clock, ids: Company) -> NetSuiteSim:
    sim = NetSuiteSim(clock=clock)
    fill(sim, ids)
    return sim


def fill(sim: NetSuiteSim, ids: Company) -> None:
    sim.add_subsidiary("Acme", internal_id=ids.subsidiary)
    sim.add_location("Warehouse One", internal_id=ids.warehouse, subsidiary=ids.subsidiary)
    sim.add_location("ShipBob", internal_id=ids.shipbob, subsidiary=ids.subsidiary)
    sim.add_account("Stock Adjustments", internal_id=ids.adjustment, number="5900")
    sim.add_account("Freight", internal_id=ids.freight, number="6100")
    sim.add_account("Storage", internal_id=ids.storage, number="6200")
    sim.add_vendor("Acme Supply", internal_id=ids.vendor, subsidiary=ids.subsidiary)
    sim.add_customer("Jane Doe", internal_id=ids.customer, subsidiary=ids.subsidiary)
    sim.add_item("SKU-20", internal_id=ids.item, cost="2.00")
    sim.add_item("SKU-21", internal_id=ids.other, cost="1.10")
    sim.add_item("LOT-31", internal_id=ids.lot, lot=True, cost="2.50")


@pytest.fixture
def client(sim: NetSuiteSim) -> Iterator[TestClient]:
    token = sim.issue_token()
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(sim.app, base_url="http://netsuite.test", headers=headers) as client:
        yield client


@pytest.fixture
def query(client: TestClient) -> Query:
    """Ask SuiteQL and get the items without their empty links."""

    def ask(text: str, *params: str) -> list[dict[str, str]]:
        answer = client.post(
            "/services/rest/query/v1/suiteql",
            json={"q": text, "params": list(params)},
            headers={"Prefer": "transient"},
        )
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return [{key: value for key, value in item.items() if key != "links"} for item in items]

    return ask


@pytest.fixture
def refused_query(client: TestClient) -> Callable[..., str]:
    """Ask SuiteQL something it refuses and get the sentence."""

    def ask(text: str, *params: str) -> str:
        answer = client.post(
            "/services/rest/query/v1/suiteql",
            json={"q": text, "params": list(params)},
            headers={"Prefer": "transient"},
        )
        assert answer.status_code == 400, answer.text
        detail = answer.json()["o:errorDetails"][0]
        assert detail["o:errorCode"] == "INVALID_PARAMETER"
        return str(detail["detail"])

    return ask


@pytest.fixture
def purchase_order(sim: NetSuiteSim, ids: Company) -> int:
    """Lines 1 and 4: the line between was deleted."""
    return sim.add_purchase_order(
        "PO45723",
        vendor=ids.vendor,
        location=ids.shipbob,
        lines=[
            {"item": "SKU-20", "quantity": 100, "rate": "2.50"},
            {"item": "SKU-21", "quantity": 10, "rate": "1.10", "line": 4},
        ],
    )


@pytest.fixture
def sales_order(sim: NetSuiteSim, ids: Company) -> int:
    return sim.add_sales_order(
        "SO766",
        customer=ids.customer,
        location=ids.shipbob,
        lines=[
            {"item": "SKU-20", "quantity": 5, "rate": "9.99"},
            {"item": "SKU-21", "quantity": 2, "rate": "4.00", "line": 4},
        ],
    )


@dataclass(frozen=True)
class KeyPair:
    private: str
    certificate: str


def make_certificate(
    key: Any, *, start: datetime = NOW - timedelta(days=1), days: int = 365
) -> KeyPair:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "integration")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return KeyPair(private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


@pytest.fixture
def certify() -> Callable[..., KeyPair]:
    return make_certificate


@pytest.fixture(scope="session")
def ec_pair() -> KeyPair:
    return make_certificate(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference folder beside the repository; tests that need it skip without it."""
    folder = Path(__file__).parents[4] / "shared" / "reference" / "netsuite"
    if not folder.is_dir():
        pytest.skip("the reference folder isn't beside this checkout")
    return folder
