"""Pages and pictures for people, as one HTML page."""
