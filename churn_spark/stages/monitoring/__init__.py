"""What `monitor` reads of the tables for each kind of signal."""
