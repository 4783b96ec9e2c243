"""Months: closing them, and opening them again."""
