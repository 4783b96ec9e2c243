"""ml-connector keeps Oracle NetSuite and ShipBob in agreement."""

from importlib.metadata import version

__version__ = version("ml-connector")
