"""ShipBob's webhooks: signatures, topics, subscriptions."""
