"""The simulated ShipBob's other hosts: sign-in, consent, control."""
