"""The books for programs: the months."""
