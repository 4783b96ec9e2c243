"""The simulated NetSuite's books: tables, documents, stock, periods."""
