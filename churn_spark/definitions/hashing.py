"""The hash of a definition."""

import hashlib
import json
from dataclasses import asdict, is_dataclass
from typing import Any


def definition_hash(*parts: Any) -> str:
    """Return 16 hex digits of SHA-256 over the canonical JSON of values and dataclasses, in the order given."""
    canonical = json.dumps([_plain(part) for part in parts], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _plain(part: Any) -> Any:
    return asdict(part) if is_dataclass(part) and not isinstance(part, type) else part
