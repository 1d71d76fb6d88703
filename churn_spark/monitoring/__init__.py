"""Whether data and model are still what they were: distributions compared, limits and verdicts, as pure functions."""
