"""Model families, tuning, calibration and the model registry; rows come from the caller."""
