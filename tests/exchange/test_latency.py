"""Latency: distributions as configured, drawn from a seed; order kept; memory bounded; off again."""

import ctypes

import numpy as np
import pydantic
import pytest

from actors.book.memory import kernel, record_at
from actors.exchange.config import ExchangeConfig
from actors.exchange.latency import delay_ns, hold_back, set_delay
from actors.exchange.latency_config import LatencyConfig, delay_of_words, delay_text
from actors.exchange.latency_state import DELAY, OUTLET_MARKS, Direction, Kind
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.venue import Phase, log_at
from actors.exchange.venue_operator import delay_values
from tests.exchange.desk import MAKER, Desk

US, MS = 1_000, 1_000_000
N = 40_000


@kernel
def _draw(delay_at, stream, out_at, n):
    delay = record_at(delay_at, np.int64(0), DELAY)
    for number in range(n):
        record_at(out_at, np.int64(number), _INT).value = delay_ns(delay, stream, np.int64(number))


_INT = np.dtype([("value", "i8")])


def _sample(words: str, seed: int = 7, stream: int = 1) -> np.ndarray:
    kind, low, high, shape, seed = delay_values(delay_of_words(words.split()), seed)
    delay = np.zeros(1, DELAY)
    delay[0] = (kind, low, high, shape, int(seed), (0, 0, 0))
    out = np.zeros(N, _INT)
    _draw(delay.ctypes.data, np.int64(stream), out.ctypes.data, np.int64(N))
    return out["value"]


def _distance(drawn: np.ndarray, expected: np.ndarray) -> float:
    """Kolmogorov and Smirnov's: the largest difference between two empirical distributions."""
    drawn, expected = np.sort(drawn), np.sort(expected)
    at = np.concatenate([drawn, expected])
    return np.abs(np.searchsorted(drawn, at, "right") / drawn.size
                  - np.searchsorted(expected, at, "right") / expected.size).max()


@pytest.mark.parametrize("words, expected", [
    ("uniform 1ms 3ms", lambda random: random.uniform(MS, 3 * MS, N)),
    ("lognormal 50us 0.5", lambda random: random.lognormal(np.log(50 * US), 0.5, N)),
    ("lognormal 2ms 1.5", lambda random: random.lognormal(np.log(2 * MS), 1.5, N)),
    ("spikes 50us 5ms 0.25", lambda random: np.where(random.random(N) < 0.25, 5 * MS, 50 * US)),
])
def test_delays_are_distributed_as_numpys_are(words, expected):
    # 1.95 sqrt(2/N): less than one in a thousand seeds would differ by more; this seed is fixed.
    assert _distance(_sample(words), expected(np.random.default_rng(3))) < 1.95 * (2 / N) ** 0.5


def test_successive_delays_do_not_depend_on_each_other():
    for words in ("uniform 0ms 2ms", "lognormal 1ms 0.5"):
        drawn = np.log1p(_sample(words).astype(float))
        assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.02
        assert abs(np.corrcoef(drawn, np.log1p(_sample(words, stream=2)))[0, 1]) < 0.02


def test_a_constant_is_constant_and_a_seed_gives_the_same_again():
    assert set(_sample("constant 5ms")) == {5 * MS}
    np.testing.assert_array_equal(_sample("lognormal 50us 0.5"), _sample("lognormal 50us 0.5"))
    assert (_sample("lognormal 50us 0.5", seed=8) != _sample("lognormal 50us 0.5")).any()


# ---- on the way out ------------------------------------------------------------------------------


def _late(desk: Desk, direction: Direction, words: str, now_ns: int = 0) -> None:
    kind, *values, seed = delay_values(delay_of_words(words.split()), 1)
    set_delay(desk.venue.address, int(direction), int(kind), *values, int(seed), now_ns)


def _publish(desk: Desk, number: int = 1) -> int:
    """One more message in a log. Returns where it ends."""
    address = desk.venue.logs.logs[number:number + 1]
    _append_one(desk.venue.address, number)
    return int(address["end"][0])


@kernel
def _append_one(venue, number):
    log = log_at(venue, number)
    message_address(log)
    append(log, np.int64(20))


def _limit(desk: Desk, number: int = 1) -> int:
    return int(desk.venue.logs.logs[number]["limit"])


def test_a_message_is_let_go_when_its_time_has_come_and_not_before():
    desk = Desk()
    before = _publish(desk)
    _late(desk, Direction.REPLIES, "constant 5ms")
    assert _limit(desk) == before  # what was out is out
    first = _publish(desk)
    hold_back(desk.venue.address, 1 * MS)
    second = _publish(desk)
    hold_back(desk.venue.address, 3 * MS)
    assert _limit(desk) == before
    hold_back(desk.venue.address, 6 * MS)
    assert _limit(desk) == first
    hold_back(desk.venue.address, 8 * MS)
    assert _limit(desk) == second


def test_directions_do_not_delay_each_other():
    desk = Desk()
    _late(desk, Direction.MARKET_DATA, "constant 5ms")
    reply, public = _publish(desk, 1), _publish(desk, 0)
    hold_back(desk.venue.address, 0)
    assert _limit(desk, 1) == reply
    assert _limit(desk, 0) < public


def test_no_message_overtakes_another_however_the_delays_fall():
    desk = Desk()
    _late(desk, Direction.REPLIES, "lognormal 1ms 1")
    ends, released = [], []
    for step in range(4_000):
        if step < 500:
            ends.append(_publish(desk))
        hold_back(desk.venue.address, step * 100 * US)
        released.append(_limit(desk))
    assert released == sorted(released)
    assert set(released) <= {0, *ends} and len(set(released)) > 20


def test_more_messages_than_there_is_room_for_share_the_last_place_and_none_is_lost():
    desk = Desk()
    _late(desk, Direction.REPLIES, "constant 5ms")
    for _ in range(OUTLET_MARKS + 1_000):
        end = _publish(desk)
    hold_back(desk.venue.address, 0)
    outlet = desk.venue.latency.outlets[1]
    assert outlet["tail"] - outlet["head"] == OUTLET_MARKS
    hold_back(desk.venue.address, 5 * MS)
    assert _limit(desk) == end


def test_switched_off_what_is_under_way_keeps_its_time_and_then_nothing_is_held():
    desk = Desk()
    _late(desk, Direction.REPLIES, "constant 5ms")
    under_way = _publish(desk)
    hold_back(desk.venue.address, 0)
    _late(desk, Direction.REPLIES, "none", MS)
    end = _publish(desk)
    hold_back(desk.venue.address, MS)
    assert _limit(desk) < under_way
    hold_back(desk.venue.address, 5 * MS)
    assert _limit(desk) == end
    assert desk.venue.latency.state[0]["out"] == 0
    assert _limit(desk) < _publish(desk) == _limit(desk)


def test_when_the_day_is_over_nothing_is_held_any_more():
    desk = Desk()
    _late(desk, Direction.REPLIES, "constant 5s")
    end = _publish(desk)
    desk.venue.record[0]["phase"] = Phase.CLOSED
    hold_back(desk.venue.address, 0)
    assert _limit(desk) == end


def test_what_the_client_hears_is_the_same_only_later():
    late, prompt = Desk(), Desk()
    _late(late, Direction.REPLIES, "uniform 0ms 9ms")
    for desk in (late, prompt):
        desk.enter(MAKER, 1, "B", 100, 1_500_000)
        desk.ask(MAKER, "X", user_ref_num=1, quantity=0)
    hold_back(late.venue.address, 10**9)
    hold_back(late.venue.address, 2 * 10**9)
    read = [ctypes.string_at(int(log["base"]), int(log["limit"]))
            for log in (desk.venue.logs.logs[1] for desk in (late, prompt))]
    assert read[0] == read[1]


# ---- in the config -------------------------------------------------------------------------------


def test_a_config_says_it_with_units_and_comes_back_from_a_dump():
    config = ExchangeConfig(latency={"orders": {"kind": "lognormal", "median": "50us"},
                                     "replies": {"kind": "spikes", "base": "20us", "size": "5ms",
                                                 "probability": 0.01}})
    assert config.latency.orders.median == 50 * US and config.latency.replies.size == 5 * MS
    assert ExchangeConfig(**config.model_dump(mode="json")) == config


@pytest.mark.parametrize("delay, complaint", [
    ({"kind": "constant", "time": 5.0}, "needs a unit"),
    ({"kind": "constant", "time": "5 minutes"}, "not a duration"),
    ({"kind": "constant", "time": "2m"}, "longer than 1m"),
    ({"kind": "uniform", "low": "2ms", "high": "1ms"}, "high 1ms is below low 2ms"),
    ({"kind": "lognormal", "median": "0s"}, "greater than 0"),
    ({"kind": "spikes", "size": "1ms", "probability": 1.5}, "less than or equal to 1"),
    ({"kind": "poisson"}, "'constant', 'uniform', 'lognormal', 'spikes'"),
])
def test_a_delay_that_is_none_is_refused_with_the_reason(delay, complaint):
    with pytest.raises(pydantic.ValidationError, match=complaint):
        LatencyConfig(orders=delay)


@pytest.mark.parametrize("words", ["none", "constant 5ms", "uniform 1us 2ms",
                                   "lognormal 50us 0.5", "spikes 50us 5ms 0.001"])
def test_what_is_said_to_the_command_reads_back(words):
    assert delay_text(delay_of_words(words.split())) == words


@pytest.mark.parametrize("words, complaint", [
    ("", "want constant TIME"), ("often", "want constant TIME"), ("constant", "takes TIME"),
    ("constant 5", "needs a unit"), ("uniform 5ms 1ms", "below low"),
    ("lognormal 1ms much", "sigma")])
def test_words_that_say_no_delay_are_refused(words, complaint):
    with pytest.raises(ValueError, match=complaint):
        delay_of_words(words.split())


def test_without_latency_no_log_is_held():
    desk = Desk()
    assert desk.venue.latency.delays["kind"].tolist() == [Kind.NONE] * 3
    assert _publish(desk) == _limit(desk)
