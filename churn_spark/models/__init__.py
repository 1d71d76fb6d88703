"""Pipelines, tuning, calibration and the model registry."""
