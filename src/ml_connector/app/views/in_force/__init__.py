"""What is in force: every setting with where it comes from, and how much of each limit is used."""
