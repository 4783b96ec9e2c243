"""What is shown of the books: the months."""
