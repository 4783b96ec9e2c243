"""A public client, unmodified, against the simulator: netsuite-python from the package index.

The client writes ``https://<account>.suitetalk.api.netsuite.com`` itself and trusts the
certificates of its environment. So the simulator is served over TLS under that very name, and
the client's own environment resolves the name to loopback and trusts one more authority.
Nothing of the client is changed.
"""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from sim.environments import with_uv

CLIENT = "netsuite-python==2.1.5"
BUNDLE = "lib/python*/site-packages/certifi/cacert.pem"
HOST = "tstdrv1234567-sb1.suitetalk.api.netsuite.com"

RESOLVER = """
import os
import socket

_real = socket.getaddrinfo


def _resolve(host, port, *args, **kwargs):
    if host == os.environ["SIMULATED_HOST"]:
        return _real("127.0.0.1", int(os.environ["SIMULATED_PORT"]), *args, **kwargs)
    return _real(host, port, *args, **kwargs)


socket.getaddrinfo = _resolve
"""

PROGRAM = """
import json
import sys

from netsuite import Netsuite

netsuite = Netsuite(config=json.loads(sys.argv[1]))
token = netsuite.request_access_token()
found = {
    "expired": token.is_expired,
    "expires_in": token.expires_in,
    "types": netsuite.get_netsuite_recordtypes(),
    "orders": netsuite.QUERY_CLIENT.query_api.execute_query(
        query="SELECT id, tranid, status, memo FROM transaction WHERE type = 'PurchOrd'"
    ),
    "customers": netsuite.REST_CLIENT.customer_api.customer_get().to_dict(),
}
print("FOUND " + json.dumps(found, default=str))
"""


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(  # noqa: S603 - the test's own commands
        words,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the public client."""
    folder = tmp_path_factory.mktemp("client") / "venv"
    if with_uv(CLIENT, folder):
        return folder
    run(sys.executable, "-m", "venv", folder).check_returncode()
    python = folder / "bin" / "python"
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    installed = run(*pip, "install", "--quiet", CLIENT)
    if installed.returncode:
        if run(*pip, "download", "--no-deps", "--quiet", "-d", folder / "x", "six").returncode:
            pytest.skip("no package index can be reached from here")
        pytest.fail(f"{CLIENT} can't be installed: {installed.stderr}")
    return folder


def certificate_for(name: str) -> tuple[bytes, bytes]:
    """A self-signed server certificate and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


@pytest.fixture
def account() -> NetSuiteSim:
    """An account on real time: the client reads the machine's clock."""
    sim = NetSuiteSim(clock=Clock())
    sim.add_subsidiary("Acme", internal_id=2)
    sim.add_location("ShipBob", internal_id=7, subsidiary=2)
    sim.add_vendor("Supply", internal_id=1722, subsidiary=2)
    sim.add_customer("Jane Doe", internal_id=164, subsidiary=2)
    sim.add_item("SKU-20", internal_id=20)
    sim.add_purchase_order("PO45723", vendor=1722, location=7, lines=[{"item": 20}])
    return sim


@pytest.fixture
def port(account: NetSuiteSim, environment: Path, tmp_path: Path) -> Iterator[int]:
    """The account over TLS; the client's environment trusts its certificate."""
    certificate, key = certificate_for(HOST)
    (tmp_path / "server.pem").write_bytes(certificate)
    (tmp_path / "server.key").write_bytes(key)
    (bundle,) = environment.glob(BUNDLE)
    bundle.write_bytes(bundle.read_bytes() + b"\n" + certificate)
    (bundle.parents[1] / "sitecustomize.py").write_text(textwrap.dedent(RESOLVER))
    config = uvicorn.Config(
        account.app,
        port=0,
        log_config=None,
        ssl_certfile=str(tmp_path / "server.pem"),
        ssl_keyfile=str(tmp_path / "server.key"),
    )
    listening = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def test_a_public_client_signs_in_and_asks_unmodified(
    account: NetSuiteSim,
    environment: Path,
    port: int,
    tmp_path: Path,
    certify: Callable[..., Any],
) -> None:
    pair = certify(
        rsa.generate_private_key(public_exponent=65537, key_size=3072),
        start=datetime.now(UTC) - timedelta(days=1),
    )
    (tmp_path / "client.pem").write_text(pair.private)
    account.add_integration("public-client", ["restlets", "rest_webservices"])
    config = {
        "NETSUITE_APP_NAME": HOST.partition(".")[0],
        "CLIENT_ID": "public-client",
        "NETSUITE_KEY_FILE": str(tmp_path / "client.pem"),
        "CERT_ID": account.register_certificate("public-client", pair.certificate),
        "JSON_STORAGE_PATH": str(tmp_path / "tokens.json"),
        "APP_NAME": "default",
    }
    (tmp_path / "program.py").write_text(PROGRAM)
    played = run(
        environment / "bin" / "python",
        tmp_path / "program.py",
        json.dumps(config),
        SIMULATED_HOST=HOST,
        SIMULATED_PORT=str(port),
        REQUESTS_CA_BUNDLE=str(next(environment.glob(BUNDLE))),
        NO_PROXY=HOST,
        no_proxy=HOST,
    )
    trail = [attempt.outcome for attempt in account.sign_in.trail]

    assert played.returncode == 0, f"{played.stderr}\n{trail}\n{account.calls}"
    found = json.loads(played.stdout.partition("FOUND ")[2])
    assert (found["expired"], found["expires_in"]) == (False, 3600)
    assert {"purchaseOrder", "itemReceipt", "vendorBill"} <= set(found["types"])
    assert found["orders"] == [{"links": [], "id": "5001", "tranid": "PO45723", "status": "B"}]
    assert [item["id"] for item in found["customers"]["items"]] == ["164"]
