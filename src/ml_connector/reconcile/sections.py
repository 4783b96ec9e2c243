"""The parts of the report: those that the flows name, in their order, and one for the rest."""

from dataclasses import dataclass
from typing import Final

from ml_connector.engine.flow import Flows, Section
from ml_connector.reconcile.transaction_types import TYPES

OTHER: Final = Section(key="other", title="Other movements")
"""For what no flow of ours posts."""


STOCK: Final = Section(key="stock", title="Stock, tied out")
"""Where differences are shown that both systems' own stock has, whatever any flow has posted."""


MONEY: Final = Section(key="money", title="Fees, tied out", money=True)
"""Where differences are shown between ShipBob's own charges and NetSuite's bills."""


@dataclass(frozen=True)
class Sections:
    """The parts of a report.

    Attributes:
        of_flows: the name of a flow and one of its sections, in the order of the report.
    """

    of_flows: tuple[tuple[str, Section], ...] = ()

    @classmethod
    def of(cls, flows: Flows) -> "Sections":
        """Return the sections of these flows."""
        return cls(
            tuple((flow.name, section) for flow in flows.values() for section in flow.sections)
        )

    @property
    def ordered(self) -> tuple[Section, ...]:
        """All of them, in the order of the report."""
        return (*(section for _, section in self.of_flows), OTHER)

    def titles(self) -> dict[str, str]:
        """Return their titles by key."""
        return {section.key: section.title for section in (*self.ordered, STOCK, MONEY)}

    def facts_title(self, key: str) -> str:
        """Return what the facts are called whose lines a section's equation accounts for."""
        return next((one.facts or one.title for one in self.ordered if one.key == key), key)

    def of_entry(self, flow: str, kind: str) -> Section:
        """Return the section of a journal row."""
        for name, section in self.of_flows:
            if name != flow or section.never_posted:
                continue
            if not section.kinds or kind in section.kinds:
                return section
        return self.of_movement(TYPES.get(kind, ""), None)

    def of_facts(self, flow: str) -> Section:
        """Return the section that shows what of a flow is not posted."""
        for name, section in self.of_flows:
            if name == flow and section.open_facts and not section.never_posted:
                return section
        return OTHER

    def of_fact(self, flow: str, reason: str) -> Section:
        """Return the section of a line of a source, with the reason for which it is refused."""
        for name, section in self.of_flows:
            if name == flow and section.never_posted and section.never_posted in reason:
                return section
        return self.of_facts(flow)

    @property
    def never_posted(self) -> tuple[str, ...]:
        """The words of reasons for which lines belong to sections of their own."""
        return tuple(one.never_posted for _, one in self.of_flows if one.never_posted)

    def of_movement(self, transaction_type: str, order_type: str | None) -> Section:
        """Return the section of a movement that no journal row of ours explains."""
        from_returns = order_type == "RtnAuth"
        for _, section in self.of_flows:
            if transaction_type in section.types and section.from_returns in {None, from_returns}:
                return section
        return OTHER
