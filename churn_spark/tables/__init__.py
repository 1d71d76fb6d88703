"""Contracts, catalog, writing, locks and the table of the ledger: the only code that writes Delta tables."""
