"""What lookups change of the meaning of rows and columns, and of who is hidden."""

from dataclasses import replace
from pathlib import Path

from churn_spark.definitions.columns import Category
from churn_spark.definitions.lookups import Lookup, used_lookups
from churn_spark.definitions.project import Privacy
from churn_spark.definitions.sources import RowCheck, Source
from churn_spark.events.examples import concerned_columns, examples
from churn_spark.events.mapping import column_hashes, mapping_hash
from churn_spark.events.pseudonyms import identifying_columns
from churn_spark.lineage.tile_hashes import column_hash, rows_hash
from tests.stages.shop import shop_source

ACCOUNT = Lookup("account", "csv", "/a", (("no", "string"), ("client", "string"), ("kind", "string")), "no", "customer")
CLIENT = Lookup("client", "csv", "/c", (("no", "string"), ("lives", "string")), "no", "account_client")
DISTRICT = Lookup("district", "csv", "/d", (("code", "string"), ("name", "string")), "code", "client_lives")
LOOKUPS = (ACCOUNT, CLIENT, DISTRICT)


def _source(*lookups: Lookup, **changes: object) -> Source:
    region, kind = Category("region", "district_name"), Category("kind", "account_kind")
    return shop_source(Path("/landing"), categories=(region, kind), lookups=lookups or LOOKUPS, **changes)


def _rows(source: Source) -> tuple[str, str]:
    return mapping_hash(source, "UTC", Privacy("none")), rows_hash(source, "UTC")


def _columns(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    return column_hashes(source), {column.name: column_hash(source, column, 28) for column in source.columns}


def test_a_chain_is_used_up_to_what_is_asked():
    assert used_lookups(LOOKUPS, ["district_name"]) == LOOKUPS
    assert used_lookups(LOOKUPS, ["client_lives"]) == (ACCOUNT, CLIENT)
    assert used_lookups(LOOKUPS, ["amount", "'district_name'"]) == ()


def test_another_definition_is_another_meaning_of_what_uses_it():
    before = _source()
    for other in (
        replace(CLIENT, on="trim(account_client)"),
        replace(CLIENT, key="lives"),
        replace(CLIENT, format="json"),
        replace(CLIENT, options=(("sep", ";"),)),
        replace(CLIENT, schema=(("no", "string"), ("lives", "int"))),
    ):
        after = _source(ACCOUNT, other, DISTRICT)
        for old, new in zip(_columns(before), _columns(after), strict=True):
            assert {name for name in old if old[name] != new[name]} == {"region"}, other
        assert _rows(before) == _rows(after)


def test_neither_where_a_lookup_lies_nor_a_column_nobody_uses_means_anything():
    other = replace(CLIENT, path="/elsewhere", schema=(*CLIENT.schema, ("born", "date")), options=(("escape", '"'),))
    assert _columns(_source()) == _columns(_source(ACCOUNT, other, DISTRICT))


def test_rows_are_others_where_an_id_or_a_check_looks_up_otherwise():
    trimmed = replace(ACCOUNT, on="trim(customer)")
    given = {"customer_id": "account_client"}
    assert all(a != b for a, b in zip(_rows(_source(**given)), _rows(_source(trimmed, CLIENT, **given)), strict=True))
    given = {"checks": (RowCheck("known", "account_no IS NOT NULL"),)}
    assert _rows(_source(**given))[0] != _rows(_source(trimmed, CLIENT, **given))[0]


def test_without_lookups_nothing_has_another_hash():
    plain = shop_source(Path("/landing"))
    assert _rows(plain) == _rows(replace(plain, lookups=LOOKUPS))
    assert _columns(plain) == _columns(replace(plain, lookups=LOOKUPS))


def test_what_an_id_is_looked_up_by_identifies_too():
    assert identifying_columns(_source(customer_id="account_client")) == {"account_client", "customer"}
    assert identifying_columns(_source(customer_id="id", identifiers=("client_lives",))) == {"id", "client_lives"}


def test_a_reason_is_about_the_raw_column_behind_what_is_looked_up():
    source = _source(customer_id="id", checks=(RowCheck("known", "district_code IS NOT NULL"),))
    assert concerned_columns(source, "known") == concerned_columns(source, "bad_region") == ("customer",)
    assert concerned_columns(source, "bad_lookup_account") == ("customer",)
    row = {"row": '{"customer": "x"}', "length": None, "event_id": None}
    assert examples(source, "known", [row]) == "customer 'x'"
