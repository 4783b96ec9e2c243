"""ShipBob: payloads, client, sign-in and webhook signatures. Knows nothing of NetSuite."""
