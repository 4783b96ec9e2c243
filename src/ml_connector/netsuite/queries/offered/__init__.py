"""What an account offers to choose from, while a connection is set up."""
