"""The one way through the system: inbox, subject, converge, settle, journal."""
