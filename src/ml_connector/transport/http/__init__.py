"""One HTTP call: sent, metered, recorded, redacted."""
