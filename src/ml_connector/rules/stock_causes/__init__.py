"""Why the stock of a SKU differs, by the histories of both systems and our journal. Pure."""
