"""What every partition is made of, by which definitions, and what is therefore due: values of the ledger, no tables."""
