"""What a person asks for: a sync, a month end, an undo, an export."""
