"""What is reached over HTTP: webhooks, health, metrics."""
