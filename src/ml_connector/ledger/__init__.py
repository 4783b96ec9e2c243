"""What is kept: connections, the inbox, subjects, runs, postings and the journal."""
