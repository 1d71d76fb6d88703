"""Contracts, catalog, writing, locks, ledger: the only code that names Delta."""
