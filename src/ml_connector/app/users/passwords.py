"""Passwords: which may be chosen, and how they are kept and compared."""

import asyncio
import functools
import hashlib
from importlib import resources
from typing import Final

import argon2

from ml_connector.errors import UserError
from ml_connector.secret import Secret

FEWEST_CHARACTERS: Final = 10
MOST_CHARACTERS: Final = 256
"""More would only cost time."""

_OUR_WORDS: Final = ("ml-connector", "mlconnector", "netsuite", "shipbob")
"""What comes to mind first in front of this sign-in."""

_AT_ONCE: Final = 2
"""So many are compared at a time: each takes 64 MiB and some 50 ms of a processor."""

_HASH_CHARACTERS: Final = 16

_HASHER: Final = argon2.PasswordHasher()


def check_password(password: Secret, *, where: str, name: str = "") -> None:
    """Check that a password may be chosen.

    Args:
        password: as it was typed.
        where: it was typed.
        name: of the person.

    Raises:
        UserError: it is too short, too long, or easily guessed.
    """
    text = password.reveal()
    if len(text) < FEWEST_CHARACTERS:
        raise UserError(
            f"The password has fewer than {FEWEST_CHARACTERS} characters",
            where=where,
            next_step="Choose a longer one.",
        )
    if len(text) > MOST_CHARACTERS:
        raise UserError(
            f"The password has more than {MOST_CHARACTERS} characters",
            where=where,
            next_step="Choose a shorter one.",
        )
    if _is_common(text):
        raise UserError(
            "That password is among those that everybody tries first",
            where=where,
            next_step="Choose one that nobody else has, such as four odd words.",
        )
    near = next((word for word in (name, *_OUR_WORDS) if _is_little_more(text, word)), None)
    if near is not None:
        raise UserError(
            f'The password is little more than "{near}"',
            where=where,
            next_step="Choose one that nobody guesses who knows whose it is and what it is for.",
        )


def hashed(password: Secret) -> str:
    """Return what is kept of a password: Argon2id with a salt of its own."""
    return _HASHER.hash(password.reveal())


class Comparing:
    """Compares passwords, a few at a time and in threads, so that all else goes on meanwhile."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def fits(self, kept: str | None, password: Secret) -> bool:
        """Return whether a password is the one that is kept.

        Args:
            kept: what is kept; None: there is no such person, which takes as long to find out.
            password: as it was typed.
        """
        async with self._room:
            return await asyncio.to_thread(_fits, kept, password)

    async def hashed(self, password: Secret) -> str:
        """Return what is kept of a password."""
        async with self._room:
            return await asyncio.to_thread(hashed, password)


def _is_little_more(text: str, word: str) -> bool:
    left = text.casefold().replace(word.casefold(), "") if word else text
    return bool(word) and left != text.casefold() and len(left) < FEWEST_CHARACTERS // 2


def _is_common(text: str) -> bool:
    digest = hashlib.sha256(text.casefold().encode()).hexdigest()
    return digest[:_HASH_CHARACTERS] in _common()


@functools.cache
def _common() -> frozenset[str]:
    """Return the beginnings of the SHA-256 of common passwords, those that are long enough.

    They are those of Django's list (django/contrib/auth/common-passwords.txt.gz, 5.2).
    """
    listed = resources.files("ml_connector.app.users").joinpath("common_passwords.txt")
    return frozenset(listed.read_text("ascii").split())


def _fits(kept: str | None, password: Secret) -> bool:
    try:
        _HASHER.verify(kept or _nobody(), password.reveal())
    except argon2.exceptions.VerificationError:
        return False
    return kept is not None


@functools.cache
def _nobody() -> str:
    return _HASHER.hash("")
