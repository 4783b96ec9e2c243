"""Which order a WRO is of."""
