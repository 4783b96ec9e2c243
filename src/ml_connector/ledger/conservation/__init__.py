"""Conservation: every line of the source ends in exactly one place."""
