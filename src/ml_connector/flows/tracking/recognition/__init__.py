"""Whose an item fulfilment is: which shipment it is of, and which fulfilment is a shipment's."""
