"""Decisions of people: what they may decide, what it leads to, recorded, taken back."""
