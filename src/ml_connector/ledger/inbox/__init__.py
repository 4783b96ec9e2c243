"""The inbox: events, deliveries, subjects and the runs that claim them."""
