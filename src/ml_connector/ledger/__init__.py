"""The ledger: connections, the inbox, subjects, runs, postings and the journal."""
