"""Finding the sales orders of ShipBob's orders."""
