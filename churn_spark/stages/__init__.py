"""What happens, one file a stage; graph.py lists them all."""
