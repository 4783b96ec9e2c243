"""A client that somebody else's generator makes drives the simulator, unmodified.

``openapi-python-client`` runs in an environment of its own, so that nothing of this project is
involved but the OpenAPI file and the served simulator.
"""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from sim.environments import with_uv

GENERATOR = "openapi-python-client==0.29.1"

OFFLINE = (
    "No matching distribution",
    "Could not find a version",
    "Failed to fetch",
    "Connection",
    "not found in the package registry",
)

DRIVER = """
import sys
from client import AuthenticatedClient
from client.api.channels import get_2026_07_channel
from client.api.products import get_2026_07_product
from client.api.receiving import (
    get_2026_07_fulfillment_center, get_2026_07_receiving, get_2026_07_receiving_id,
    get_2026_07_receiving_id_boxes, get_unidentified_receiving_orders, post_2026_07_receiving,
    post_2026_07_receiving_idcancel, post_2026_07_receivingset_external_sync,
)
from client.api.inventory import get_2026_07_inventory_level
from client.api.orders import get_2026_07_order, get_2026_07_shipment_shipment_id
from client.api.tracking import get_2026_07_shipments_tracking
from client.api.returns import get_2026_07_return, post_2026_07_return
from client.api.billing import get_2026_07_invoices, post_2026_07_transactionsquery
from client.api.webhooks import (
    delete_2026_07_webhook_id, get_2026_07_webhook, post_2026_07_webhook,
)
from client.models import (
    ReceivingCreateReceivingOrderModel, ReceivingUpdateExternalSyncModel,
    ReturnsCreateReturnRequest, WebhooksV2CreateSubscriptionRequest,
)

url, shipment = sys.argv[1], sys.argv[2]
api = AuthenticatedClient(base_url=url, token="pat", raise_on_unexpected_status=True)
channel = get_2026_07_channel.sync(client=api).items[1]
assert channel.application_name == "SMA", channel
center = get_2026_07_fulfillment_center.sync(client=api)[0]
product = get_2026_07_product.sync(client=api).items[0]
assert product.name == "TEE-S", product
level = get_2026_07_inventory_level.sync(client=api).items[0]
assert level.total_on_hand_quantity == 8, level

order = {
    "fulfillment_center": {"id": center.id},
    "package_type": "Package",
    "box_packaging_type": "EverythingInOneBox",
    "expected_arrival_date": "2030-01-15T00:00:00+00:00",
    "purchase_order_number": "PO1",
    "boxes": [
        {
            "tracking_number": "1Z",
            "box_items": [{"inventory_id": level.inventory_id, "quantity": 5}],
        }
    ],
}
body = ReceivingCreateReceivingOrderModel.from_dict(order)
made = post_2026_07_receiving.sync_detailed(client=api, body=body)
assert made.status_code == 201, made
wro = made.parsed
assert wro.status == "Awaiting" and wro.inventory_quantities[0].expected_quantity == 5, wro
late = ReceivingCreateReceivingOrderModel.from_dict(
    {**order, "expected_arrival_date": "2020-01-15T00:00:00+00:00"}
)
assert post_2026_07_receiving.sync_detailed(client=api, body=late).status_code == 422
listed = get_2026_07_receiving.sync_detailed(client=api, purchase_order_numbers="PO1")
assert [each.id for each in listed.parsed] == [wro.id]
assert listed.headers["total-count"] == "1"
boxes = get_2026_07_receiving_id_boxes.sync(client=api, id=str(wro.id))
assert boxes[0].box_items[0].quantity == 5, boxes
sync = ReceivingUpdateExternalSyncModel.from_dict({"ids": [wro.id], "is_external_sync": True})
assert post_2026_07_receivingset_external_sync.sync(client=api, body=sync).results[0].is_success
assert get_2026_07_receiving_id.sync(client=api, id=str(wro.id)).external_sync_timestamp
assert post_2026_07_receiving_idcancel.sync(client=api, id=str(wro.id)).status == "Cancelled"
assert len(get_unidentified_receiving_orders.sync(client=api)) == 1

orders = get_2026_07_order.sync(client=api, has_tracking=True)
assert orders[0].shipments[0].tracking.tracking_number == "1Z1", orders
parcel = get_2026_07_shipments_tracking.sync(client=api, shipment_ids=shipment)[0]
assert parcel.status == "Delivered", parcel
assert get_2026_07_shipment_shipment_id.sync(client=api, shipment_id=shipment).delivery_date

back = ReturnsCreateReturnRequest.from_dict({
    "reference_id": "RMA-1",
    "fulfillment_center": {"id": center.id},
    "inventory": [{"id": level.inventory_id, "quantity": 1, "requested_action": "Default"}],
})
made = post_2026_07_return.sync_detailed(client=api, body=back, shipbob_channel_id=channel.id)
assert made.status_code == 201, made
assert post_2026_07_return.sync_detailed(
    client=api, body=back, shipbob_channel_id=channel.id
).status_code == 422
assert get_2026_07_return.sync(client=api).items[0].reference_id == "RMA-1"

assert get_2026_07_invoices.sync(client=api).items[0].amount == 6.1
assert post_2026_07_transactionsquery.sync(client=api).items[0].invoiced_status is True

hook = WebhooksV2CreateSubscriptionRequest.from_dict(
    {"topics": ["wro.completed"], "url": "https://example.test/hook"}
)
made = post_2026_07_webhook.sync(client=api, body=hook)
assert made.secret.startswith("whsec_"), made
assert get_2026_07_webhook.sync(client=api).items[0].id == made.id
assert delete_2026_07_webhook_id.sync_detailed(client=api, id=made.id).status_code == 204
print("driven")
"""


def run(*command: str | Path, cwd: Path, path: str = "") -> str:
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "PYTHONWARNINGS": ""}
    done = subprocess.run(  # noqa: S603 - the commands are this test's own
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the generator, made with uv or with pip."""
    folder = tmp_path_factory.mktemp("third_party")
    if with_uv(GENERATOR, folder / "env"):
        return folder
    try:
        run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
        run(folder / "env/bin/pip", "install", "-q", GENERATOR, cwd=folder)
    except AssertionError as failure:
        if any(text in str(failure) for text in OFFLINE):
            pytest.skip(f"No package index has {GENERATOR}: it could not be installed.")
        raise
    return folder


def test_a_generated_client_drives_the_simulator(environment: Path, reference: Path) -> None:
    binaries = environment / "env/bin"
    (environment / "config.yml").write_text("post_hooks: []\n")
    run(
        binaries / "openapi-python-client",
        "generate",
        "--path",
        reference / "openapi-2026-07.derived.json",
        "--config",
        environment / "config.yml",
        "--meta",
        "none",
        "--output-path",
        environment / "client",
        cwd=environment,
    )
    (environment / "drive.py").write_text(DRIVER)
    with ShipBobSim() as sim, serve(sim.api) as served:
        sim.add_token("pat")
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.add_product("TEE-S")
        sim.stow(sim.create_wro({"TEE-S": 10}))
        sim.complete(900001)
        sim.add_uro({"TEE-S": 1})
        shipment = sim.create_order("SO-1", {"TEE-S": 2}).shipments[0]
        sim.label(shipment, "1Z1")
        sim.deliver(shipment)
        sim.charge("Shipping", Decimal("6.10"))
        sim.invoice()

        said = run(binaries / "python", "drive.py", served.url, str(shipment.id), cwd=environment)

    assert said == "driven\n"
