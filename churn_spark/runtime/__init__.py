"""The process around the work: a session with Java and Delta, one run of a stage, faults by name, progress."""
