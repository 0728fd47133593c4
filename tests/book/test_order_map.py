"""The order map against a dict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.order_map import (ABSENT, FULL, allocate_map, map_clear, map_count, map_delete,
                                   map_get, map_put, map_take)

KEYS = st.one_of(
    st.integers(0, 40),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 20).map(lambda n: n << 58),  # far apart in value, close in the table
)


@given(
    seed=st.sampled_from([0, 0, 1, 12345]),
    operations=st.lists(
        st.tuples(st.sampled_from(["put", "put", "take", "delete", "get"]), KEYS), max_size=200
    ),
)
@settings(max_examples=150, deadline=None)
def test_it_answers_as_a_dict_of_bounded_size_would(seed, operations):
    limit = 24
    order_map = allocate_map(limit, seed)
    model: dict[int, int] = {}
    for slot, (operation, key) in enumerate(operations):
        if operation == "put":
            if key in model or len(model) < limit:
                model[key] = slot
                assert map_put(order_map, key, slot) == slot
            else:
                assert map_put(order_map, key, slot) == FULL
        elif operation == "take":
            assert map_take(order_map, key) == model.pop(key, ABSENT)
        elif operation == "delete":
            assert map_delete(order_map, key) == (model.pop(key, None) is not None)
        else:
            assert map_get(order_map, key) == model.get(key, ABSENT)
    assert map_count(order_map) == len(model)
    for key in set(model) | {key for _, key in operations}:
        assert map_get(order_map, key) == model.get(key, ABSENT)


def test_a_run_that_wraps_round_the_end_of_the_table_survives_deletion():
    order_map = allocate_map(8)
    size = order_map.entries.size
    home_at_end = []
    for key in range(100_000):
        map_put(order_map, key, 0)
        if order_map.entries[size - 1]["slot"] == 0:
            home_at_end.append(key)
        map_clear(order_map)
    home_at_end = home_at_end[:6]
    for slot, key in enumerate(home_at_end):
        map_put(order_map, key, slot)
    assert map_take(order_map, home_at_end[0]) == 0
    assert map_take(order_map, home_at_end[3]) == 3
    assert [map_get(order_map, key) for key in home_at_end] == [ABSENT, 1, 2, ABSENT, 4, 5]


def test_a_long_day_of_puts_and_takes_leaves_no_trace():
    order_map = allocate_map(64)
    for key in range(20_000):
        map_put(order_map, key, key % 64)
        if key >= 50:
            assert map_take(order_map, key - 50) == (key - 50) % 64
    assert map_count(order_map) == 50
    assert np.count_nonzero(order_map.entries["slot"] >= 0) == 50


def test_clear_forgets_everything():
    order_map = allocate_map(4)
    map_put(order_map, 7, 1)
    map_clear(order_map)
    assert map_count(order_map) == 0
    assert map_get(order_map, 7) == ABSENT


@pytest.mark.parametrize("keys", [0, -1, 2**30 + 1])
def test_a_map_without_a_sensible_bound_is_refused(keys):
    with pytest.raises(ValueError, match="1 to 2\\*\\*30 keys"):
        allocate_map(keys)
