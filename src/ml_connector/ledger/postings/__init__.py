"""Documents, their postings, and the runs that decided them."""
