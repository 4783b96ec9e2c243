"""Search: by which numbers a subject is found, and finding it."""
