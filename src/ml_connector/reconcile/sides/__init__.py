"""What each of the two systems says of a month."""
