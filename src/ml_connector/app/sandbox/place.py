"""Where the sandbox is: both simulators, and how far the story has come."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from ml_connector import private_files

_VARIABLE: Final = "MLC_INTERNAL_SANDBOX"
"""Tells the service that ``demo`` starts where the simulators are."""

StoryState = Literal["telling", "proving", "green", "red"]


class StorySoFar(msgspec.Struct, frozen=True, kw_only=True):
    """How far the story has come.

    Attributes:
        steps: what happened so far; while it is told, the last one is under way.
        waits: what waits for somebody at the moment, as sentences.
        months: of which reports were made, such as ``2026-11``.
    """

    state: StoryState = "telling"
    steps: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    months: tuple[str, ...] = ()


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """The sandbox.

    Attributes:
        netsuite: address of the simulated NetSuite.
        shipbob: address of the simulated ShipBob's API.
        story: the file that says how far the story has come.
    """

    netsuite: str
    shipbob: str
    story: str

    def environment(self) -> dict[str, str]:
        """Return the variable that tells a service of it."""
        return {_VARIABLE: msgspec.json.encode(self).decode()}

    def so_far(self) -> StorySoFar:
        """Return how far the story has come; nothing while nobody has said anything."""
        try:
            return msgspec.json.decode(Path(self.story).read_bytes(), type=StorySoFar)
        except (OSError, msgspec.DecodeError):
            return StorySoFar()

    def tell(self, so_far: StorySoFar) -> None:
        """Say how far the story has come."""
        with private_files.replacing_text(Path(self.story)) as file:
            file.write(msgspec.json.encode(so_far).decode())


def of_this_process() -> Sandbox | None:
    """Return the sandbox that this process was started for; None: it serves no demo.

    What is not on loopback is no sandbox: nothing else is ever acted upon.
    """
    told = os.environ.get(_VARIABLE)
    if not told:
        return None
    try:
        found = msgspec.json.decode(told, type=Sandbox)
    except msgspec.DecodeError:
        return None
    return found if _is_here(found.netsuite) and _is_here(found.shipbob) else None


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
