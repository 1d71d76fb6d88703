"""Valid settings turned into the frozen definitions."""
