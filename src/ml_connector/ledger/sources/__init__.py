"""Facts of ShipBob that the ledger keeps: charges, and what it knows of stock."""
