"""What people decide about shipments, and what becomes of their units then."""
