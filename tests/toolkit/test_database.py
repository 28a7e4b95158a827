from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.database import copy_rows, rows_as_copy_text, rows_of_each, set_cursor

CELLS = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_any_text_survives_copy(rows: list[tuple[str | None, str | None]]) -> None:
    with set_cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS copied (n serial, a text, b text)")
        cursor.execute("DELETE FROM copied")
        copy_rows(cursor, "copied", ("a", "b"), rows)
        assert cursor.execute("SELECT a, b FROM copied ORDER BY n").fetchall() == rows


def test_separator_inside_a_cell_is_noticed() -> None:
    assert rows_as_copy_text([("a\x1fb\n", None)]) is None
    assert rows_as_copy_text([("a\tb\\", None)]) == "a\\tb\\\\\t\\N\n"


@pytest.mark.django_db
def test_rows_of_several_queries_come_in_order(django_assert_num_queries) -> None:
    several = "SELECT * FROM (VALUES (2, 'b', ARRAY['x']), (1, NULL, NULL)) AS t (id, name, more) ORDER BY id"
    with django_assert_num_queries(1):
        found = rows_of_each([several, "SELECT %(n)s > 1 AS is_more", "SELECT 1 AS n WHERE false"], {"n": 2})
    assert found == [[(1, None, None), (2, "b", ["x"])], [(True,)], []]
