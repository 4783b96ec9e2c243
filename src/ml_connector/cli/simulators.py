"""``sim`` and ``demo``."""


def sim() -> None:
    """x."""


def demo() -> None:
    """x."""
