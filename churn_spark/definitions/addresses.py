"""Addresses of files and folders: local ones are paths, all others are for Hadoop's file systems."""

import re
from pathlib import Path


def local_path(address: str) -> Path | None:
    """The local path of a plain path or a `file:` address; None for any other file system."""
    if address.startswith("file:/"):
        return Path(re.sub(r"^file:(//[^/]*)?/+", "/", address))
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", address) else Path(address)
