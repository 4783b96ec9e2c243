"""Facts of both systems as flows need them, asked for in batches."""
