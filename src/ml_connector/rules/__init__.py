"""Business rules that several flows share."""
