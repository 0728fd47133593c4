"""What a gateway makes of tables whose owner was killed at any instruction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.order_map import allocate_map, map_count, map_get
from actors.gateway.recovery import LIVE, recover, reset
from actors.gateway.state import GATEWAY, ORDER
from schemas.enums import Command, OrderStatus, Side

ROWS, SYMBOLS = 16, 2


@pytest.fixture
def tables():
    found = {"gateway": np.zeros(1, GATEWAY), "orders": np.zeros(ROWS, ORDER)}
    reset(found)
    return found


def put(tables, ref, status=OrderStatus.NEW, **fields):
    """An order as a healthy gateway leaves it."""
    order = tables["orders"][ref & (ROWS - 1)]
    for name, value in dict(version=2, ref=ref, order_id=1000 + ref, status=status, side=Side.BUY,
                            quantity=50, leaves=50 if status in LIVE else 0, sequence=ref,
                            report_seq=ref, **fields).items():
        order[name] = value
    tables["gateway"]["next_ref"] = max(int(tables["gateway"]["next_ref"][0]), ref + 1)


def recovered(tables):
    order_map = allocate_map(ROWS)
    return recover(tables, order_map, SYMBOLS), order_map


def test_a_new_gateway_starts_with_reference_one(tables):
    assert tables["gateway"]["next_ref"][0] == 1
    found, order_map = recovered(tables)
    assert (found.live, found.doubtful, found.dropped) == (0, [], [])
    assert map_count(order_map) == 0


def test_orders_are_found_again_by_their_ids(tables):
    put(tables, 3)
    put(tables, 20, OrderStatus.FILLED)
    put(tables, 21, OrderStatus.PENDING_NEW)
    found, order_map = recovered(tables)
    assert found.live == 2 and found.doubtful == found.dropped == []
    assert [map_get(order_map, 1000 + ref) for ref in (3, 20, 21, 4)] == [3, 4, 5, -1]
    gateway = tables["gateway"][0]
    assert (gateway["live"], gateway["unanswered"], gateway["next_ref"]) == (2, 1, 22)


def test_numbers_go_on_where_the_orders_say_even_if_their_count_was_not_yet_written(tables):
    put(tables, 9)
    tables["gateway"]["next_ref"], tables["gateway"]["report_seq"] = 9, 5
    recovered(tables)
    assert (tables["gateway"]["next_ref"][0], tables["gateway"]["report_seq"][0]) == (10, 9)


def test_a_half_changed_live_order_becomes_unknown_and_is_to_be_cancelled(tables):
    put(tables, 3)
    tables["orders"]["version"][3] = 5
    found, _ = recovered(tables)
    assert found.doubtful == [1003]
    order = tables["orders"][3]
    assert order["status"] == OrderStatus.UNKNOWN and order["cancel_due"] == 1
    assert order["version"] % 2 == 0


def test_a_half_changed_order_that_is_over_stays_over(tables):
    put(tables, 3, OrderStatus.FILLED)
    tables["orders"]["version"][3] = 5
    found, _ = recovered(tables)
    assert found.doubtful == [1003] and tables["orders"]["status"][3] == OrderStatus.FILLED


@pytest.mark.parametrize("field, value", [
    ("ref", 4), ("ref", -13), ("status", 99), ("status", 0), ("order_id", 0), ("side", 7),
    ("symbol_id", SYMBOLS), ("symbol_id", -1), ("leaves", -1), ("leaves", 2**40), ("cum", -1)])
def test_what_cannot_be_an_order_is_dropped(tables, field, value):
    put(tables, 3)
    tables["orders"][field][3] = value
    found, order_map = recovered(tables)
    assert found.dropped == [3] and found.live == 0 and map_count(order_map) == 0


def test_an_order_does_not_wait_for_a_replacement_that_is_gone(tables):
    put(tables, 3, pending=Command.REPLACE, replaced_by=4)
    put(tables, 5, pending=Command.REPLACE, replaced_by=6)
    put(tables, 6, OrderStatus.PENDING_NEW, replaces=5)
    recovered(tables)
    assert tables["orders"]["pending"][[3, 5]].tolist() == [0, Command.REPLACE]


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=ORDER.itemsize * 4, max_size=ORDER.itemsize * 4), st.integers(0, 12))
def test_any_noise_is_survived(noise, at):
    tables = {"gateway": np.zeros(1, GATEWAY), "orders": np.zeros(ROWS, ORDER)}
    reset(tables)
    for ref in range(1, 9):
        put(tables, ref)
    tables["orders"][at:at + 4] = np.frombuffer(noise, ORDER)
    found, order_map = recovered(tables)
    live = tables["orders"][np.isin(tables["orders"]["status"], LIVE)]
    assert found.live == len(live) == tables["gateway"]["live"][0]
    assert all(order["version"] % 2 == 0 for order in tables["orders"])
    assert tables["gateway"]["next_ref"][0] > tables["orders"]["ref"].max()
