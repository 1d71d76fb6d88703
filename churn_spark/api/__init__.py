"""The door for Python users: notebooks, scripts and services reach everything from `import churn_spark`."""
