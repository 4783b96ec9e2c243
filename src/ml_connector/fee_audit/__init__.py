"""The fee audit and the accruals: checks of what ShipBob charged."""
