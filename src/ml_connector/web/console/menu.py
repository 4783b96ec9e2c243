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


SANDBOX: Final = MenuGroup("", (MenuEntry("Sandbox", "/sandbox", "flask"),))
"""The first entry where ``demo`` has started the console."""

MENU: Final = (
    MenuGroup(
        "",
        (
            MenuEntry("Overview", "/overview", "layout-dashboard"),
            MenuEntry("Needs attention", "/attention", "alert-triangle"),
            MenuEntry("Events", "/events", "activity"),
        ),
    ),
    MenuGroup(
        "Flows",
        (
            MenuEntry("Purchase orders", "/flows/purchase-orders", "shopping-cart"),
            MenuEntry("Receiving", "/flows/receiving", "package-import"),
            MenuEntry("Parcels", "/flows/parcels", "truck-delivery"),
            MenuEntry("Returns", "/flows/returns", "arrow-back-up"),
            MenuEntry("Invoices", "/flows/invoices", "receipt"),
        ),
    ),
    MenuGroup(
        "Books",
        (
            MenuEntry("Stock", "/stock", "building-warehouse"),
            MenuEntry("Months", "/months", "scale"),
            MenuEntry("Audit trail", "/audit-trail", "history"),
        ),
    ),
    MenuGroup(
        "Set-up",
        (
            MenuEntry("Connections", "/connections", "plug-connected"),
            MenuEntry("Users", "/users", "users", "users"),
            MenuEntry("API tokens", "/tokens", "key", "tokens"),
            MenuEntry("Alarms", "/alarms", "bell"),
            MenuEntry("Settings and limits", "/settings", "adjustments-horizontal"),
            MenuEntry("System", "/system", "server"),
        ),
    ),
)
