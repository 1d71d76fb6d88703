"""A first configuration, proposed from samples of the files in a folder: `churn-spark init`. Needs no Spark."""
