"""A small valid configuration, and a way to write it with something changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

VALID = """\
name: shop
zone: Europe/London
warehouse: {path: warehouse}
privacy: none
sources:
  orders:
    format: csv
    path: landing/orders
    schema: {customer: string, order: bigint, at: timestamp, paid: double, town: string}
    customer_id: customer
    event_id: order
    event_time: at
    delivered:
      by: file_name
      lag_days: 1
    measures:
      amount: {expression: paid, scale: 2, max_abs: 10000}
    categories:
      town: {expression: town}
    checks:
      paid_back: paid >= 0
  people:
    kind: customers
    format: parquet
    path: landing/people
    schema: {customer: string, age: int}
    customer_id: customer
    delivered: {by: event}
    attributes:
      age: {expression: age, type: int}
population: {by: active, sources: [orders], days: 56}
label: {rule: inactivity, sources: [orders], performance: 28}
features:
  windows: [7, 28, 56]
  orders:
    - {op: count}
    - {op: sum, of: amount}
    - {op: recency}
  attributes: [age]
  derived:
    pace: try_divide(orders_count_7d, orders_count_28d)
snapshots: {first: 2026-01-01, every: 28}
training:
  random_forest: {trees: 50}
scoring: {value: orders_amount_sum_56d * 6}
segmentation: {recency: orders_recency_56d, frequency: orders_count_56d, monetary: orders_amount_sum_56d}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the valid configuration to conf/shop.yaml (the working directory is a new one) with texts replaced."""
    monkeypatch.chdir(tmp_path)

    def written(*changes: tuple[str, str], **environments: str) -> Path:
        text = VALID
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the valid configuration"
            text = text.replace(old, new)
        path = Path("conf/shop.yaml")
        (path.parent / "env").mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for name, overlay in environments.items():
            (path.parent / "env" / f"{name}.yaml").write_text(overlay, encoding="utf-8")
        return path

    return written
