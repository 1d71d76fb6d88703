"""The command line, and the way in of every job: arguments, what is refused before Spark starts, what is printed."""
