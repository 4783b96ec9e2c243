"""The names that people know items by: SKUs."""

from collections.abc import Collection, Iterable, Mapping

from ml_connector.reconcile.compare.sides import JournalRow, Movement


class SkuNames:
    """SKUs by NetSuite's internal item id.

    Args:
        by_item: internal id to SKU.
        by_name: NetSuite's item name to SKU, where they differ.
    """

    def __init__(
        self, by_item: Mapping[str, str] | None = None, by_name: Mapping[str, str] | None = None
    ) -> None:
        self._by_item = dict(by_item or {})
        self._by_name = dict(by_name or {})

    @classmethod
    def learn(
        cls,
        entries: Iterable[JournalRow],
        movements: Iterable[Movement],
        skus: Mapping[str, str] | None = None,
        posted: Mapping[str, str] | None = None,
    ) -> "SkuNames":
        """Learn from all that both sides say.

        Args:
            entries: the SKUs of the journal go first.
            movements: for the names of items that the journal never moved.
            skus: ShipBob's SKU to NetSuite's item name, where they differ.
            posted: internal id to SKU, of journal rows that are not among ``entries``.
        """
        by_name = {name: sku for sku, name in sorted((skus or {}).items())}
        by_item = {
            line.item: by_name.get(line.item_name, line.item_name)
            for line in movements
            if line.item is not None and line.item_name
        }
        # An item that was posted under two SKUs goes by the first of them.
        by_item |= dict(sorted({(e.item, e.sku) for e in entries if e.item and e.sku})[::-1])
        by_item |= posted or {}
        return cls(by_item, by_name)

    def knowing(self, by_item: Mapping[str, str]) -> "SkuNames":
        """Return these names, and for items that have none those of ``by_item``."""
        return SkuNames({**by_item, **self._by_item}, self._by_name)

    def preferring(self, named: Iterable[tuple[str, str]], skus: Collection[str]) -> "SkuNames":
        """Return these names, but for items whose own name is a SKU of ShipBob's: they go by that.

        What the journal calls an item may be what a flow took it for.

        Args:
            named: internal ids of items, each with its name in NetSuite.
            skus: that ShipBob has.
        """
        own: dict[str, str] = {}
        for item, name in named:
            sku = self._by_name.get(name, name)
            found = next((one for one in (sku, sku.rpartition(" : ")[2]) if one in skus), None)
            if found is not None:
                own[item] = found
        return SkuNames({**self._by_item, **own}, self._by_name)

    def of_item(self, item: str) -> str:
        """Return the SKU of an item; its internal id where no SKU is known."""
        return self._by_item.get(item, item)

    def of_line(self, line: Movement) -> str:
        """Return what a line moves: a SKU, or the account of money."""
        if line.item is None:
            return line.account or ""
        return self.called(line.item, line.item_name)

    def called(self, item: str, name: str | None) -> str:
        """Return the SKU of an item that has this name in NetSuite."""
        name = name or item
        return self._by_item.get(item, self._by_name.get(name, name))
