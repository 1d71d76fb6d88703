"""What happens, one file per stage; all_stages.py lists them."""
