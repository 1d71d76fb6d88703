"""How ingest works: which deliveries are selected, how they are read, validated, deduplicated and written."""
