"""The contracts of all tables, one file per area; `docs/tables.md` is generated from them."""
