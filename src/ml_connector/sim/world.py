"""Both simulators on loopback ports, with credentials for whoever wants to connect them."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.readings import Readings
from ml_connector.sim.server import Served, serve
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.access import Application
from ml_connector.words import System

NETSUITE_PORT: Final = 9100
SHIPBOB_API_PORT: Final = 9200
SHIPBOB_AUTH_PORT: Final = 9201

APPLICATION_ID: Final = "simulated-application"
REDIRECT_URIS: Final = tuple(
    f"http://{host}:8700/oauth/shipbob/callback" for host in ("127.0.0.1", "localhost")
)
"""What is registered for ShipBob's OAuth application: a connector on its usual port."""

CLIENT_ID: Final = "simulated-integration"
ACCOUNT_ID: Final = "TSTDRV1234567_SB1"
_CERTIFICATE_LIFE: Final = timedelta(days=700)


@dataclass(frozen=True, kw_only=True)
class World:
    """The two simulated systems, served.

    Attributes:
        private_key: PEM of the key whose certificate NetSuite knows.
        certificate_id: what NetSuite calls that certificate.
        token: a personal access token for ShipBob.
        channel_id: the channel that the token writes to.
        application: an OAuth application that is registered with ShipBob.
    """

    netsuite: NetSuiteSim
    shipbob: ShipBobSim
    netsuite_server: Served
    api_server: Served
    auth_server: Served
    private_key: str
    certificate_id: str
    token: str
    channel_id: int
    application: Application

    def connection_file(
        self, webhook_secret: str | None, *, subsidiary: int | None = None, **more: str
    ) -> str:
        """Return the TOML that connects the two, with tables to follow in ``more``.

        Args:
            webhook_secret: what the webhooks are signed with.
            subsidiary: of documents without an order; wanted where NetSuite is OneWorld.
            more: table name to its lines; ``policies="receipts = ..."``. The key ``head``
                stands before all tables; the mode is live unless it says another.
        """
        secrets = f'webhook_secrets = ["{webhook_secret}"]\n' if webhook_secret else ""
        owner = f'subsidiary = "{subsidiary}"\n' if subsidiary is not None else ""
        head = more.pop("head", "")
        if not head.startswith("mode =") and "\nmode =" not in head:
            head = f'mode = "live"\n{head}'
        tables = "".join(f"\n[{name}]\n{lines}\n" for name, lines in more.items())
        return (
            f'name = "acme"\n{head}\n'
            f'[netsuite]\naccount_id = "{self.netsuite.account_id}"\n'
            f'base_url = "{self.netsuite_server.url}"\n'
            f'restlets_url = "{self.netsuite_server.url}"\n'
            f'client_id = "{CLIENT_ID}"\ncertificate_id = "{self.certificate_id}"\n'
            f'{owner}private_key = """{self.private_key}"""\n'
            f'\n[shipbob]\napi_url = "{self.api_server.url}"\n'
            f'auth_url = "{self.auth_server.url}"\ntoken = "{self.token}"\n{secrets}{tables}'
        )


@contextmanager
def world(
    *,
    netsuite: NetSuiteSim | None = None,
    shipbob: ShipBobSim | None = None,
    ports: tuple[int, int, int] = (0, 0, 0),
    host: str = "127.0.0.1",
    seed: int = 1,
    clock: Clock | None = None,
    systems: Collection[System] = ("netsuite", "shipbob"),
    readings: Readings | None = None,
) -> Iterator[World]:
    """Serve both simulators while the block runs.

    Args:
        netsuite: made with defaults when left out.
        shipbob: likewise.
        ports: of NetSuite, ShipBob's API and ShipBob's OAuth host; 0 for any free one.
        host: address to listen on.
        seed: of what is drawn in simulators made here.
        clock: of simulators made here; real time when left out. Clients sign in by real
            time, whatever it says.
        systems: those that are asked for; the other is served on any free port.
        readings: of what the references leave open, of simulators made here.
    """
    clock = clock or Clock()
    if netsuite is None:
        netsuite = NetSuiteSim(clock=clock, account_id=ACCOUNT_ID, seed=seed, readings=readings)
        netsuite.sign_in.clock = Clock()
    shipbob = shipbob or ShipBobSim(clock=clock, seed=seed, readings=readings)
    netsuite_port = ports[0] if "netsuite" in systems else 0
    api_port, auth_port = ports[1:] if "shipbob" in systems else (0, 0)
    private_key, certificate = new_certificate(CLIENT_ID)
    with ExitStack() as stack:
        stack.enter_context(shipbob)
        netsuite_server = stack.enter_context(serve(netsuite.app, host=host, port=netsuite_port))
        api_server = stack.enter_context(serve(shipbob.api, host=host, port=api_port))
        auth_server = stack.enter_context(serve(shipbob.auth, host=host, port=auth_port))
        token = shipbob.add_token()
        yield World(
            netsuite=netsuite,
            shipbob=shipbob,
            netsuite_server=netsuite_server,
            api_server=api_server,
            auth_server=auth_server,
            private_key=private_key,
            certificate_id=netsuite.register_certificate(CLIENT_ID, certificate),
            token=token,
            channel_id=shipbob.books.access.writing_channel().id,
            application=shipbob.add_application(
                APPLICATION_ID, name="ml-connector", redirect_uris=REDIRECT_URIS
            ),
        )


def new_certificate(name: str) -> tuple[str, str]:
    """Return a fresh EC P-256 key and a certificate of it, both as PEM text."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _CERTIFICATE_LIFE)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
