"""Purchase orders: what is open in NetSuite is announced at ShipBob."""
