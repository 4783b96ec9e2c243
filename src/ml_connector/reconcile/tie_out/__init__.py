"""The tie-out: both systems' stock side by side, and what their difference is made of."""
