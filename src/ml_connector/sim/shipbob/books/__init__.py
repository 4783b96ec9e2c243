"""The simulated ShipBob's books: orders, stock, WROs, returns, charges."""
