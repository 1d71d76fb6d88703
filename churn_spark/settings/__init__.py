"""The configuration file, validated and turned into definitions."""
