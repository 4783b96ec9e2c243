"""The tie-out of a month end: both systems' own word on stock, read and compared."""
