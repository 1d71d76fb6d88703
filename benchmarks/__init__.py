"""What the feature engine costs beside other ways to the same features: `make bench-features`."""
