"""The installation: data folder, database, master key, back-up."""
