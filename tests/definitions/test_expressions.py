"""What a SQL expression mentions."""

import pytest

from churn_spark.definitions.expressions import literal, mentioned, mentions, quoted


def test_names_are_found_whatever_stands_in_them():
    names = ["user.id", "o`id", "paid", "at time"]
    assert mentioned("concat(`user.id`, `o``id`, 'paid')", names) == ("user.id", "o`id")
    assert mentioned("PAID > 0 AND prepaid < 1 AND `at time` IS NULL", names) == ("paid", "at time")
    assert mentioned("trim('it\\'s paid') = `user.id`", names) == ("user.id",)
    assert not mentions("users.id", "user.id")


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('CASE WHEN reason = "don\'t know" THEN note END', ("reason", "note")),
        ('CASE WHEN reason = "note" THEN 1 END', ("reason",)),
        ("CASE WHEN `it's` > 0 THEN note END = 'x'", ("note", "it's")),
        ("""concat('say "', note, '"')""", ("note",)),
        ("reason = r'\\' OR note = 'x'", ("reason", "note")),
        ("reason -- don't\n OR note = 'x' /* it's */", ("reason", "note")),
        (["reason = 'a", "note = 'b'"], ("reason", "note")),
        (["upper(reason)", "'note'"], ("reason",)),
    ],
)
def test_texts_and_comments_do_not_count_and_hide_nothing_behind_them(expression, names):
    assert mentioned(expression, ["reason", "note", "it's"]) == names


def test_a_quoted_name_is_found_again():
    assert quoted("o`id") == "`o``id`"
    assert all(mentions(f"lower({quoted(name)})", name) for name in ("user.id", "o`id", "`", "a b", "ü-1"))


def test_a_text_ends_where_it_should_whatever_stands_in_it():
    assert literal("it's C:\\data") == "'it\\'s C:\\\\data'"
