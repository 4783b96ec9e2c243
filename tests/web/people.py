"""People who may sign in to an installation under test."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.users import passwords, users
from ml_connector.secret import Secret
from ml_connector.words import Role
from web.browser import PASSWORD

T = TypeVar("T")


def add_user(
    receiver: Merchant, name: str, role: str, password: str = PASSWORD, *, given: bool = False
) -> None:
    """Let somebody sign in."""

    async def add() -> None:
        hashed = passwords.hashed(Secret(password))
        async with (
            open_installation(receiver.settings) as installation,
            installation.database.transaction() as on,
        ):
            await users.add(on, name, Role(role), hashed, by="test", given=given)

    run_apart(add())


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own: Playwright holds the event loop of a test's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
