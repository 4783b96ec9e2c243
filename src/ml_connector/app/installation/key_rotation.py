"""``keys rotate``: a new master key, while everything runs.

1. The new key is written in front of the old one. Every process reads the key file again when
   it has changed, so from then on all open with both and seal with the new one.
2. Every data key is wrapped anew. The secrets themselves are not opened.
3. When no row needs the old key any more it goes out of the file, and is kept beside it.

A process that is killed at any point leaves a state that the next one recognises by the file
and the rows, and goes on from.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from ml_connector.app.installation.installation import Installation
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.storage.database import rows
from ml_connector.vault import survey
from ml_connector.vault.keyfile import KeyFile
from ml_connector.vault.masterkey import new_key

# A process that read the old key a moment before the file changed stores within this time.
_SETTLE_SECONDS: Final = 1.0
_MOST_ROUNDS: Final = 20

_ELSEWHERE: Final = """
    select count(*) as n from pg_stat_activity
    where datname = current_database() and application_name like 'ml-connector%%'
        and client_addr is not null and client_addr is distinct from (
            select client_addr from pg_stat_activity where pid = pg_backend_pid()
        )
"""


@dataclass(frozen=True, kw_only=True)
class KeysRotated:
    """The result of a rotation.

    Attributes:
        key_id: of the key that seals now.
        began: False when this finished an earlier rotation, or used a key put in by hand.
        wrapped: secrets and tokens that were wrapped anew.
        damaged: those that nobody can open, since somebody changed their rows; left alone.
        retired: ids of keys that were taken out of the file.
        kept_in: where they are kept.
    """

    key_id: str
    began: bool
    wrapped: int
    damaged: tuple[str, ...]
    retired: tuple[str, ...]
    kept_in: str


async def rotate_keys(installation: Installation, *, person: str) -> KeysRotated:
    """Rotate the master key, or finish a rotation that was broken off.

    Raises:
        UserError: the key is not in a file and no new one was put in front of it, or other
            machines work on this database. It says what to do.
    """
    ring = installation.ring
    used = await _in_use(installation)
    pending = bool(used - {ring.current.key_id})
    file = ring if isinstance(ring, KeyFile) else None
    if pending:
        _find_all(installation, used)
    began = False
    if not pending and (file is None or len(file.keys) == 1):
        if file is None:
            raise UserError(
                "The master key comes from the environment, where no new one can be written",
                where="MLC_MASTER_KEY",
                next_step="Put a new key (openssl rand -base64 32) in front of the old one,"
                ' MLC_MASTER_KEY="new,old", restart everything that runs, and run this again.'
                " When it is done, take the old one out.",
            )
        await _only_here(installation, file)
        file.write([new_key(), *file.keys])
        began = True
        await asyncio.sleep(_SETTLE_SECONDS)
    wrapped, damaged = await _wrap_all(installation)
    retired: list[str] = []
    if file is not None and len(file.keys) > 1:
        current, *old = file.keys
        file.retire(old)
        file.write([current])
        retired = [key.key_id for key in old]
    async with installation.database.transaction() as on:
        await acts.record(
            on,
            person,
            "keys.rotate",
            details={
                "before": {"key_ids": sorted(used)},
                "after": {"key_ids": [ring.current.key_id]},
            },
        )
    return KeysRotated(
        key_id=ring.current.key_id,
        began=began,
        wrapped=wrapped,
        damaged=damaged,
        retired=tuple(retired),
        kept_in=str(file.retired_path) if file is not None else "",
    )


async def _wrap_all(installation: Installation) -> tuple[int, tuple[str, ...]]:
    """Wrap every data key with the new master key.

    It goes on until no row with another key has appeared for some time.

    Returns:
        How many were wrapped, and which ones nobody can open.
    """
    wrapped = 0
    for _ in range(_MOST_ROUNDS):
        done = (
            await installation.vault.rewrap(),
            await installation.drafts.rewrap(),
            await installation.tokens.rewrap(),
        )
        wrapped += sum(one.wrapped for one in done)
        damaged = frozenset[str]().union(*(one.damaged for one in done))
        await asyncio.sleep(_SETTLE_SECONDS)
        async with installation.database.transaction() as on:
            left = await survey.sealed_otherwise(on, installation.ring.current.key_id)
        if left <= damaged:
            return wrapped, tuple(sorted(damaged))
    raise UserError(
        "Something goes on sealing with the old master key",
        where="another process",
        next_step="Restart everything that runs (serve, worker), then run this again: it goes"
        " on where it was.",
    )


async def _in_use(installation: Installation) -> set[str]:
    async with installation.database.transaction() as on:
        return set(await survey.key_ids(on))


def _find_all(installation: Installation, used: set[str]) -> None:
    lost = sorted(key_id for key_id in used if installation.ring.find(key_id) is None)
    if lost:
        raise UserError(
            f"Stored credentials are sealed with a master key that is not at hand:"
            f" {', '.join(lost)}",
            where="master key",
            next_step="Put that key back as a second line of the key file. If it is lost, apply"
            " each connection again with all its credentials.",
        )


async def _only_here(installation: Installation, file: KeyFile) -> None:
    """Refuse while other machines, which have key files of their own, use the same database."""
    async with installation.database.transaction() as on:
        [row] = await rows(on, _ELSEWHERE)
    if row["n"]:
        raise UserError(
            "Other machines work on this database, and have key files of their own",
            where=str(file.path),
            next_step="Put a new key (openssl rand -base64 32) as first line into the key file"
            " of every machine, above the old one; then run this again on one of them, and take"
            " the old line out everywhere when it is done.",
        )
