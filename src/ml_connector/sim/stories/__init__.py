"""Stories: what happens in both systems, told step by step, with the books it must lead to."""

from types import MappingProxyType
from typing import Final

from ml_connector.sim.stories.retailer import RetailerStory
from ml_connector.sim.stories.story import Difference, Step, Story, Teller
from ml_connector.sim.stories.wro import TOPICS, WroStory

__all__ = ["STORIES", "TOPICS", "Difference", "Step", "Story", "Teller"]

STORIES: Final = MappingProxyType[str, Teller]({"wro": WroStory, "retailer": RetailerStory})
"""All stories by name."""
