"""What people decide about WROs beside what their decisions name."""
