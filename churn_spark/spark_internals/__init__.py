"""The one door to Spark's internals: what no public API gives, in plain functions; imports nothing of the project.

Everything here talks to the JVM through classic PySpark. Spark Connect has no JVM on its client's side, and Databricks
has other classes for some of it, so each docstring says under `Public:` what a program without such access would write
instead, and what it would lose. [docs/support.md](../../docs/support.md) says where that leaves a user.
"""
