"""The side menu, as data."""

from typing import Final

import msgspec


class MenuEntry(msgspec.Struct, frozen=True):
    """A page in the menu.

    Attributes:
        label: as people see it.
        path: of the page.
        icon: its name in the sprite.
        right: what the role must allow; a key of ``app.users.roles.RIGHTS``.
    """

    label: str
    path: str
    icon: str
    right: str = "look"


class MenuGroup(msgspec.Struct, frozen=True):
    """Entries under a heading; empty for the first."""

    heading: str
    entries: tuple[MenuEntry, ...]


MENU: Final = (
    MenuGroup("", ()),
    MenuGroup("Flows", ()),
    MenuGroup("Books", (MenuEntry("Months", "/months", "scale"),)),
    MenuGroup(
        "Set-up",
        (
            MenuEntry("Users", "/users", "users", "users"),
            MenuEntry("API tokens", "/tokens", "key", "tokens"),
        ),
    ),
)
