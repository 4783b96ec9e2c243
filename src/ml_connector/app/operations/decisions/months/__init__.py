"""Differences of months: what ends each kind, and bills that stand for ours."""
