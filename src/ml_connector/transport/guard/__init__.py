"""Which addresses a call may go to."""
