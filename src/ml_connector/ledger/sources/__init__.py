"""What only ShipBob tells, kept: charges and stock."""
