"""What ShipBob has shipped and no sales order in NetSuite holds."""
