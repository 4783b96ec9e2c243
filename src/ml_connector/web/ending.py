"""The end of a web process."""


class Ending:
    """Whether this process is about to end: what lasts looks at it, and ends as well."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """Say that the process is about to end. A signal may come in the middle of anything."""
        self.has_begun = True
