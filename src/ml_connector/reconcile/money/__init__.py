"""Money, tied out: what ShipBob charged beside what NetSuite's bills hold, account by account."""
