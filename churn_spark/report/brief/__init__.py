"""The daily brief: what a retention manager reads on a phone in a minute, one file for each part of it."""
