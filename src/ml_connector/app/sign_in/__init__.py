"""Signing in to both systems: certificates, consents, token renewal."""
