"""The contracts of all tables, a file an area; `docs/tables.md` is generated from them."""
