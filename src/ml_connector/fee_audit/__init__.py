"""What ShipBob charged, looked at by itself: the fee audit and the accruals."""
