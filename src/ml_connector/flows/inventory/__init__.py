"""Inventory: both systems' stock is compared."""
