"""One type for every secret: it never prints what it holds."""

from typing import Final

_MASK: Final = "Secret(***)"


class Secret:
    """A secret text. ``str()``, ``repr()`` and formatting show ``Secret(***)``.

    ``reveal()`` is the only way to the text, so that every use can be found by name.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret text itself. Pass it on to a signature or a header only."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        # Secrets are no keys: a hash of one would be a fingerprint of it.
        raise TypeError("a Secret is not hashable")

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __format__(self, format_spec: str, /) -> str:
        return _MASK

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not pickled")
