"""The journal: what was posted, chained, checked and followed."""
