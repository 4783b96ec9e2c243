"""Billing: ShipBob's invoices become vendor bills."""
