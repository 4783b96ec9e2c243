"""What pages show of the books: listed by indexes, counted to an end, whatever there is."""
