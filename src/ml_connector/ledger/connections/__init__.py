"""Connections as stored, with their certificates, consents and bindings."""
