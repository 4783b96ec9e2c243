"""Envelope encryption: a fresh data key for each secret, wrapped by the master key.

Both are AES-256-GCM. The name of the row is authenticated in both, so that a ciphertext that
was moved to another row does not open.
"""

import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ml_connector.errors import NeedsHuman
from ml_connector.vault.masterkey import Ring
from ml_connector.words import Cause

_NONCE_BYTES: Final = 12


@dataclass(frozen=True)
class Sealed:
    """A sealed secret, as it is stored in a row.

    Attributes:
        key_id: id of the master key that wraps the data key.
        wrapped_key: nonce and sealed data key.
        ciphertext: nonce and sealed secret.
    """

    key_id: str
    wrapped_key: bytes
    ciphertext: bytes


@dataclass(frozen=True, kw_only=True)
class Rewrapped:
    """What came of wrapping data keys anew.

    Attributes:
        wrapped: how many were not wrapped with the current master key.
        damaged: what can't be unwrapped by anybody, such as ``acme/shipbob.token``; left alone.
    """

    wrapped: int
    damaged: frozenset[str]


def seal(ring: Ring, plaintext: bytes, *, bound_to: str) -> Sealed:
    """Seal a secret under the current master key.

    Args:
        ring: the master keys.
        plaintext: the secret.
        bound_to: name of the row: connection, ``/`` and field.
    """
    data_key = AESGCM.generate_key(bit_length=256)
    master = ring.current
    return Sealed(
        key_id=master.key_id,
        wrapped_key=_encrypt(master.material, data_key, bound_to),
        ciphertext=_encrypt(data_key, plaintext, bound_to),
    )


def open_(ring: Ring, sealed: Sealed, *, bound_to: str) -> bytes:
    """Open a secret.

    Raises:
        NeedsHuman: the master key is missing, or the row was changed or moved.
    """
    data_key = _unwrap(ring, sealed, bound_to)
    return _decrypt(data_key, sealed.ciphertext, bound_to)


def rewrap(ring: Ring, sealed: Sealed, *, bound_to: str) -> Sealed:
    """Wrap the data key with the current master key; the secret itself is not opened.

    Returns the same object when it is wrapped with that key already.

    Raises:
        NeedsHuman: as for ``open_``.
    """
    master = ring.current
    if sealed.key_id == master.key_id:
        return sealed
    data_key = _unwrap(ring, sealed, bound_to)
    return Sealed(
        key_id=master.key_id,
        wrapped_key=_encrypt(master.material, data_key, bound_to),
        ciphertext=sealed.ciphertext,
    )


def _unwrap(ring: Ring, sealed: Sealed, bound_to: str) -> bytes:
    master = ring.find(sealed.key_id)
    if master is None:
        raise NeedsHuman(
            f"The secret {bound_to} is sealed with master key {sealed.key_id}, "
            "which is not at hand",
            cause=Cause.CREDENTIALS_INVALID,
            remedy=f"Put master key {sealed.key_id} back (MLC_MASTER_KEY, MLC_MASTER_KEY_FILE or "
            "master.key in the data folder), or apply the connection again with its credentials.",
        )
    return _decrypt(master.material, sealed.wrapped_key, bound_to)


def _encrypt(key: bytes, plaintext: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())


def _decrypt(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, bound_to.encode())
    except (InvalidTag, ValueError):
        # Without the cipher's error as cause: its message says nothing, and its frames hold keys.
        raise NeedsHuman(
            f"The secret {bound_to} can't be opened: its row was changed, or belongs to another "
            "connection or field",
            cause=Cause.CREDENTIALS_INVALID,
            remedy="Apply the connection again with its credentials, and find out who changed "
            "the database.",
        ) from None
