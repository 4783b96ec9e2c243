"""The master key ring: from the environment, a file, or the key file of the data folder."""

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ml_connector import private_files
from ml_connector.errors import UserError

KEY_BYTES: Final = 32
KEY_FILE_NAME: Final = "master.key"

_ID_PREFIX: Final = b"ml-connector key id"


@dataclass(frozen=True, repr=False)
class MasterKey:
    """A key of 32 bytes and the id by which rows name it.

    Attributes:
        key_id: first 8 hex digits of a hash of the key, which do not give it away.
        material: the key itself.
    """

    key_id: str
    material: bytes

    @classmethod
    def of(cls, material: bytes) -> Self:
        """Return a key with its id."""
        return cls(sha256(_ID_PREFIX + material).hexdigest()[:8], material)

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for another purpose than sealing secrets (HKDF, RFC 5869)."""
        made = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
        return made.derive(self.material)

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"


class Ring(Protocol):
    """Master keys: the one that seals, and all those that open."""

    @property
    def current(self) -> MasterKey:
        """The key that seals."""
        ...

    def find(self, key_id: str) -> MasterKey | None:
        """Return the key of this id, or None."""
        ...


@dataclass(frozen=True)
class KeyRing:
    """Keys that open; the first one seals as well.

    Attributes:
        keys: at least one.
    """

    keys: tuple[MasterKey, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a key ring holds at least one key")

    @property
    def current(self) -> MasterKey:
        """The key that seals."""
        return self.keys[0]

    def find(self, key_id: str) -> MasterKey | None:
        """Return the key of this id, or None."""
        return next((key for key in self.keys if key.key_id == key_id), None)


def load_ring(environment: Mapping[str, str], data_folder: Path) -> KeyRing:
    """Find the master key: ``MLC_MASTER_KEY``, ``MLC_MASTER_KEY_FILE``, the data folder.

    Raises:
        UserError: there is none, or it can't be used; it says where and what to do.
    """
    if text := environment.get("MLC_MASTER_KEY"):
        return ring_from_text(text, where="MLC_MASTER_KEY")
    if path := environment.get("MLC_MASTER_KEY_FILE"):
        return ring_from_file(Path(path))
    return ring_from_file(data_folder / KEY_FILE_NAME)


def ring_from_text(text: str, *, where: str) -> KeyRing:
    """Read keys in base64, separated by commas or white space: first the current one.

    Args:
        text: the keys; never shown in an error.
        where: the setting or file that they come from, for errors.

    Raises:
        UserError: there is no key, or one is not base64 or not 32 bytes long.
    """
    keys = [
        _decoded(part, number, where)
        for number, part in enumerate(filter(None, re.split(r"[,\s]+", text)), start=1)
    ]
    if not keys:
        raise UserError("There is no master key", where=where, next_step=_HOW_TO_MAKE)
    return KeyRing(tuple(MasterKey.of(key) for key in dict.fromkeys(keys)))


def ring_from_file(path: Path) -> KeyRing:
    """Read the key ring from a file that only its owner can read.

    Raises:
        UserError: the file is missing, unreadable, readable by others, or has no usable key.
    """
    try:
        with path.open("rb") as file:
            # The mode of the open file, so that it is that of the very file that is read.
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(64 * 1024)
    except FileNotFoundError:
        raise UserError(
            "There is no master key: the file does not exist",
            where=str(path),
            next_step="Run `ml-connector init` to make one; or put back the file that was in use, "
            "without which stored credentials can't be read.",
        ) from None
    except OSError as error:
        raise UserError(
            f"The master key can't be read: {error.strerror}",
            where=str(path),
            next_step="Let the user that runs ml-connector read this file, and nobody else.",
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise UserError(
            "The master key can be read by other users of this machine",
            where=str(path),
            next_step=f"Run `chmod 600 {path}`.",
        )
    return ring_from_text(content.decode("ascii", "replace"), where=str(path))


def new_key() -> MasterKey:
    """Make a random master key."""
    return MasterKey.of(secrets.token_bytes(KEY_BYTES))


def as_text(keys: Iterable[MasterKey]) -> str:
    """Return keys as a key file holds them: base64, one a line, the current one first."""
    return "".join(base64.b64encode(key.material).decode() + "\n" for key in keys)


def make_key_file(path: Path) -> KeyRing:
    """Make a new random master key in a file that only its owner can read.

    Raises:
        UserError: there is a file already, or it can't be written.
    """
    key = new_key()
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private_files.new(path, keep_owner=True) as file:
            file.write(as_text([key]).encode())
    except FileExistsError:
        raise UserError(
            "There is a master key already; it is not overwritten",
            where=str(path),
            next_step="Nothing needs to be done.",
        ) from None
    except OSError as error:
        raise UserError(
            f"The master key can't be written: {error.strerror}",
            where=str(path),
            next_step="Choose a data folder that can be written to.",
        ) from None
    return KeyRing((key,))


_HOW_TO_MAKE: Final = "Give 32 random bytes in base64, for example from `openssl rand -base64 32`."


def _decoded(part: str, number: int, where: str) -> bytes:
    try:
        # Some secret stores drop the padding, so it may be missing.
        key = base64.b64decode(
            part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise UserError(
            f"Master key {number} is not base64", where=where, next_step=_HOW_TO_MAKE
        ) from None
    if len(key) != KEY_BYTES:
        raise UserError(
            f"Master key {number} is {len(key)} bytes long, not {KEY_BYTES}",
            where=where,
            next_step=_HOW_TO_MAKE,
        )
    return key
