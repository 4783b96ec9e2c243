"""The whole database in a file, and back."""
