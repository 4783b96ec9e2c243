"""Month end: what ShipBob, the journal and NetSuite say of one month, and where they differ.

``gather`` reads, ``compare`` decides (pure), ``page``, ``workbook`` and ``lines`` write.
"""
