"""Which certificate signs in after a file was applied: the file's, or the one after a rotation."""

from ml_connector.app.connections.credential_changes import stored_secrets
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.ledger.connections import certificates
from ml_connector.netsuite.sign_in.certificates import key_print, read_certificate
from ml_connector.netsuite.sign_in.signing import load_key
from ml_connector.storage.database import Connection


async def past_rotations(
    installation: Installation, settings: ConnectionSettings
) -> ConnectionSettings:
    """Return the settings with the certificate in use, where rotation replaced the file's.

    A file that was written before a rotation must not bring the old certificate back. Such a
    file is recognised by its certificate id and, where it holds a key, by the key.
    """
    section = settings.netsuite
    async with installation.database.transaction() as on:
        old = await certificates.of_id(on, settings.name, section.certificate_id)
        current = await certificates.current(on, settings.name)
    if old is None or current is None or current.certificate_id is None:
        return settings
    rotated = old.state in {"replaced", "revoked"} and old.revoke_after is not None
    if not rotated or (
        section.private_key is not None
        and key_print(load_key(section.private_key)) != old.key_print
    ):
        return settings
    return settings.model_copy(
        update={
            "netsuite": section.model_copy(
                update={
                    "certificate_id": current.certificate_id,
                    "private_key": None,
                    "certificate": None,
                }
            )
        }
    )


async def note_certificate(
    installation: Installation, on: Connection, settings: ConnectionSettings
) -> None:
    """Note which certificate signs in, and what is known of it."""
    section = settings.netsuite
    known = await certificates.current(on, settings.name)
    key = section.private_key or (await stored_secrets(installation, settings.name, on)).get(
        "netsuite.private_key"
    )
    fingerprint = key_print(load_key(key)) if key is not None else None
    ends_at = read_certificate(section.certificate).valid_until if section.certificate else None
    if (
        known is not None
        and known.certificate_id == section.certificate_id
        and known.key_print == fingerprint
        and section.certificate in {None, known.pem}
    ):
        return
    await installation.vault.delete(settings.name, certificates.NEXT_KEY_FIELD, on=on)
    await certificates.adopt(
        on,
        settings.name,
        section.certificate_id,
        key_print=fingerprint,
        pem=section.certificate,
        valid_until=ends_at,
    )
