"""Simulators of ShipBob and NetSuite: the systems over HTTP, with books of their own.

They are written from the two references and never from the connector's clients, so that they
also serve other people who want to test an integration. Nothing here imports anything of the
connector but its vocabulary.
"""
