"""Signing in to NetSuite: keys, assertions, tokens."""
