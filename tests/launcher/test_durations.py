"""Lengths of time are written with a unit, and come out as whole nanoseconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.durations import MAX_DURATION_NS, format_duration, parse_duration

NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9,
      "h": 3600 * 10**9}


@pytest.mark.parametrize(("text", "ns"), [
    ("250us", 250_000), ("250µs", 250_000), ("10ms", 10_000_000), ("1.5s", 1_500_000_000),
    ("1m30s", 90_000_000_000), ("1h 30m", 5_400_000_000_000), (" 7 ns ", 7), ("0s", 0),
])
def test_what_people_write(text, ns):
    assert parse_duration(text) == ns


@pytest.mark.parametrize("bare", [60, 1.5, "60", " 1.5 "])
def test_a_bare_number_is_refused_and_the_message_says_how_to_write_it(bare):
    with pytest.raises(ValueError, match=r"needs a unit: write \S+ms or \S+s"):
        parse_duration(bare)


@pytest.mark.parametrize("text", ["", "s", "10 sec", "10ms or so", "-1s", "1e3s", "1..5s", "١s"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a duration: write 50us"):
        parse_duration(text)


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_what_is_no_text(value):
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(value)


def test_every_duration_is_finite_and_a_whole_number_of_nanoseconds():
    assert parse_duration(format_duration(MAX_DURATION_NS)) == MAX_DURATION_NS
    with pytest.raises(ValueError, match="is longer than 8784h"):
        parse_duration("8784h1ns")
    with pytest.raises(ValueError, match="whole number of nanoseconds"):
        parse_duration("0.5ns")


@given(st.integers(0, MAX_DURATION_NS))
def test_what_is_formatted_parses_back(ns):
    assert parse_duration(format_duration(ns)) == ns


@given(st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(sorted(NS))), min_size=1,
                max_size=5))
def test_parts_add_up(parts):
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_duration(text) == sum(number * NS[unit] for number, unit in parts)
