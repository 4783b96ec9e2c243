"""Errands: what people ask workers to do, in a browser or by the API."""
