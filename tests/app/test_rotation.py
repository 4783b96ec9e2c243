"""Rotation of NetSuite's certificate: killed anywhere, it goes on and never maps one twice."""

import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from acceptance.merchant import Merchant
from acceptance.service import COMMAND
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.certificate_expiry import CertificateClock, stage
from ml_connector.app.sign_in.certificate_rotation import Rotation
from ml_connector.config import connection as connection_file
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.sign_in.certificates import make_pair
from ml_connector.sim.faults import FaultKind
from ml_connector.sim.netsuite.http.tokens import TOKEN_PATH, Certificate
from ml_connector.sim.world import CLIENT_ID
from ml_connector.words import Cause
from waiting import wait_until

NOW = datetime.now(UTC)
CERTIFICATES = "/certificates"


def mapped(acme: Merchant) -> list[Certificate]:
    """What NetSuite has, the oldest first."""
    return [*acme.world.netsuite.sign_in.certificates.values()]


async def connection(installation: Installation) -> AppliedConnection:
    async with installation.database.transaction() as on:
        found = await connections.find(on, "acme")
    assert found is not None
    return found


async def certificate_id(installation: Installation) -> str:
    return str((await connection(installation)).stored["netsuite"]["certificate_id"])


def ends_in(acme: Merchant, days: int) -> None:
    """Let the connection sign in with a certificate that ends in so many days."""
    pair = make_pair("acme", now=NOW, days=days)
    netsuite = acme.world.netsuite
    new = netsuite.register_certificate(CLIENT_ID, pair.certificate.pem)
    text = acme.connection_file().read_text("utf-8")
    text = text.replace(acme.world.certificate_id, new)
    text = text.replace(acme.world.private_key, pair.private_key.reveal())
    (acme.folder / "short.toml").write_text(text, "utf-8")


async def apply(installation: Installation, acme: Merchant, name: str) -> str | None:
    applied = await apply_connection(
        installation,
        connection_file.read(acme.folder / name),
        person="test",
        ping_first=True,
    )
    assert applied.saved
    return applied.kept_certificate


def killed_while_it_hangs(acme: Merchant, path: str, kind: FaultKind) -> None:
    """Begin a rotation, and kill the process when its call to this path hangs."""
    netsuite = acme.world.netsuite
    netsuite.fault(kind, method="POST", path=path, times=1, seconds=60)
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "connection", "certificate", "acme", "--renew"],
        env=acme.environment,
        cwd=acme.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any(rule["struck"] for rule in netsuite.faults.listing()))
    wait_until(lambda: kind != "hang_after_commit" or len(mapped(acme)) > 1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


async def test_the_new_certificate_signs_in_and_the_old_one_goes_on_until_its_last_token_ran_out(
    acme: Merchant, installation: Installation
) -> None:
    rotation = Rotation(installation, "acme", person="anna")
    rotated = await rotation.renew()
    early = await rotation.revoke_old()
    later = Rotation(installation, "acme", clock=lambda: NOW + timedelta(hours=2))
    [old, new] = mapped(acme)

    assert (rotated.old, rotated.new) == (old.id, new.id)
    assert await certificate_id(installation) == new.id
    assert early == []
    assert not old.revoked
    assert timedelta(hours=1) < rotated.revoke_after - datetime.now(UTC) < timedelta(hours=2)
    assert await later.revoke_old() == [old.id]
    assert [one.revoked for one in mapped(acme)] == [True, False]
    assert await later.revoke_old() == []


async def test_the_act_is_recorded_with_before_and_after(
    acme: Merchant, installation: Installation
) -> None:
    rotated = await Rotation(installation, "acme", person="anna").renew()
    [act] = acme.rows("select * from act where what = 'connection.certificate'")

    assert act["person"] == "anna"
    assert act["details"] == {
        "before": {"certificate_id": rotated.old},
        "after": {"certificate_id": rotated.new},
    }


async def test_the_old_file_does_not_bring_the_old_certificate_back(
    acme: Merchant, installation: Installation
) -> None:
    rotated = await Rotation(installation, "acme").renew()
    kept = await apply(installation, acme, "acme.toml")
    changed = await apply_connection(
        installation,
        connection_file.read(acme.folder / "acme.toml"),
        person="test",
        ping_first=False,
    )

    assert kept == rotated.new
    assert not changed.changed
    assert await certificate_id(installation) == rotated.new


@pytest.mark.parametrize(
    ("path", "kind", "mapped_by_then"),
    [
        (CERTIFICATES, "hang_before_commit", 1),
        (CERTIFICATES, "hang_after_commit", 2),
        (TOKEN_PATH, "hang_before_commit", 2),
    ],
    ids=["before it is uploaded", "after it was uploaded", "before it is proven"],
)
async def test_a_rotation_that_was_killed_goes_on(
    acme: Merchant,
    installation: Installation,
    path: str,
    kind: FaultKind,
    mapped_by_then: int,
) -> None:
    await Rotation(installation, "acme").listed()  # so that a token is stored
    killed_while_it_hangs(acme, path, kind)
    before = mapped(acme)
    acme.world.netsuite.faults.clear()
    signs_in = await certificate_id(installation)
    rotated = await Rotation(installation, "acme").renew()

    assert len(before) == mapped_by_then
    assert signs_in == rotated.old == before[0].id
    assert len(mapped(acme)) == 2
    assert rotated.new == mapped(acme)[1].id == await certificate_id(installation)


async def test_somebody_elses_new_certificate_is_not_taken_for_ours(
    acme: Merchant, installation: Installation
) -> None:
    rotation = Rotation(installation, "acme")
    acme.world.netsuite.fault("cut_before_commit", method="POST", path=CERTIFICATES, times=1)
    with pytest.raises(Retryable):
        await rotation.renew()
    theirs = acme.world.netsuite.register_certificate(
        CLIENT_ID, make_pair("other", now=NOW).certificate.pem
    )
    rotated = await rotation.renew()

    assert rotated.new != theirs
    assert len(mapped(acme)) == 3


async def test_without_the_permission_it_is_named_and_nothing_is_begun(
    acme: Merchant, installation: Installation
) -> None:
    acme.world.netsuite.withdraw_permission("ADMI_MANAGE_OWN_CERTIFICATES")
    rotation = Rotation(installation, "acme")
    with pytest.raises(NeedsHuman) as caught:
        await rotation.renew()

    assert caught.value.cause is Cause.PERMISSION_MISSING
    assert "Manage own OAuth 2.0 Client Credentials Certificates" in caught.value.remedy
    assert not await rotation.under_way()
    assert len(mapped(acme)) == 1


async def test_a_new_file_ends_a_rotation_under_way(
    acme: Merchant, installation: Installation
) -> None:
    rotation = Rotation(installation, "acme")
    acme.world.netsuite.fault("cut_before_commit", method="POST", path=CERTIFICATES, times=1)
    with pytest.raises(Retryable):
        await rotation.renew()
    ends_in(acme, 100)
    await apply(installation, acme, "short.toml")

    assert not await rotation.under_way()
    assert await certificate_id(installation) == mapped(acme)[-1].id


@pytest.mark.parametrize(
    ("days", "expected"),
    [(61, None), (60, 60), (15, 60), (14, 14), (7, 7), (2, 7), (1, 1), (0, 0), (-3, 0)],
)
def test_the_clock_has_four_stages_and_an_end(days: int, expected: int | None) -> None:
    assert stage(NOW + timedelta(days=days), NOW) == expected


async def test_an_alarm_says_when_it_ends_and_that_it_renews_itself(
    acme: Merchant, installation: Installation
) -> None:
    ends_in(acme, 59)
    await apply(installation, acme, "short.toml")
    looked = await CertificateClock(installation).look(await connection(installation))
    [alarm] = acme.rows("select * from alarm where ended_at is null")

    assert looked.rotated is None
    assert (alarm["kind"], alarm["key"]) == ("certificate", "60 days")
    assert "TSTDRV1234567_SB1 ends on" in alarm["sentence"]
    assert "renewed by itself from" in alarm["remedy"]


async def test_what_ends_within_the_window_is_rotated_by_itself(
    acme: Merchant, installation: Installation
) -> None:
    ends_in(acme, 40)
    await apply(installation, acme, "short.toml")
    looked = await CertificateClock(installation).look(await connection(installation))

    assert looked.failure is None
    assert looked.rotated is not None
    assert looked.rotated.new == mapped(acme)[-1].id == looked.certificate_id
    assert looked.valid_until is not None
    assert looked.valid_until > NOW + timedelta(days=700)
    assert acme.rows("select * from alarm where ended_at is null") == []


async def test_a_dry_run_is_warned_and_not_rotated(
    acme: Merchant, installation: Installation
) -> None:
    ends_in(acme, 10)
    await apply(installation, acme, "short.toml")
    await installation.database.fetch("update connection set mode = 'dry-run'")
    looked = await CertificateClock(installation).look(await connection(installation))
    [alarm] = acme.rows("select * from alarm where ended_at is null")

    assert looked.rotated is None
    assert alarm["key"] == "14 days"
    assert "connection certificate acme --renew" in alarm["remedy"]


async def test_a_rotation_that_can_not_be_done_is_an_alarm_with_its_remedy(
    acme: Merchant, installation: Installation
) -> None:
    ends_in(acme, 10)
    await apply(installation, acme, "short.toml")
    clock = CertificateClock(installation)
    applied = await connection(installation)
    await Rotation(installation, "acme").listed()  # its end is known from now on
    acme.world.netsuite.withdraw_permission("ADMI_MANAGE_OWN_CERTIFICATES")
    looked = await clock.look(applied)
    alarms = acme.rows("select * from alarm where ended_at is null order by key")

    assert looked.failure is not None
    assert [alarm["key"] for alarm in alarms] == ["14 days", "renewal"]
    assert all("Manage own OAuth 2.0" in alarm["remedy"] for alarm in alarms)
