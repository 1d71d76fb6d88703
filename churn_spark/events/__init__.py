"""Pure rules for rows of sources: checks, identity, knowledge dates, cleaning."""
