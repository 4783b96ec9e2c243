"""What a worker does from time to time: sweeps, awaited things, retention, journal heads."""
