"""How ingest works: what is taken, how it is read, judged, settled with what is stored, accounted for and written."""
