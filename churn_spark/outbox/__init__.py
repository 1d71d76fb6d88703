"""Messages to people and systems, and the channels that carry them: what leaves the house."""
