"""The story of the demo, told to a terminal and to the sandbox's page."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ml_connector.app.sandbox.place import Sandbox, StorySoFar

Says = Callable[[str, str], None]
"""Prints a line: what kind of line, and its text."""


class Telling:
    """Tells the story.

    Args:
        sandbox: whose page shows it.
        says: prints.
        pause_seconds: after each step, so that people can follow.
    """

    def __init__(self, sandbox: Sandbox, says: Says, *, pause_seconds: float) -> None:
        self.says = says
        self.pause_seconds = pause_seconds
        self._sandbox = sandbox
        self._so_far = StorySoFar()

    def begins_step(self, text: str) -> None:
        """Say what happens now."""
        steps = (*self._so_far.steps, text)
        self.says("step", f"{len(steps)}. {text}")
        self._tell(steps=steps, waits=())

    def waits(self, sentences: Sequence[str]) -> None:
        """Say what waits after a step."""
        for one in sentences:
            self.says("waits", one)
        self._tell(waits=tuple(sentences))

    def is_over(self) -> None:
        """Say that nothing more happens, and that the books are compared now."""
        self._tell(state="proving", waits=())

    def is_proved(self, *, holds: bool, months: Sequence[str]) -> None:
        """Say whether the books agree, and of which months there are reports."""
        self._tell(state="green" if holds else "red", months=tuple(months))

    def _tell(self, **changed: Any) -> None:
        self._so_far = msgspec.structs.replace(self._so_far, **changed)
        self._sandbox.tell(self._so_far)
