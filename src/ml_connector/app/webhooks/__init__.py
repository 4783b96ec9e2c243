"""ShipBob's webhook subscriptions: made, watched, tried out."""
