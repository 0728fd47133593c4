"""Circuit breakers: what they do is checked against what is promised of them, for any history."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.plan import BreakerPlan
from actors.supervisor.breakers import (
    Breaker, Changed, Failed, Grant, Phase, Rearmed, Revoke, Tick, Worked, mode_of_open, next_ns,
    step,
)
from schemas.enums import TradingState

MS = 1_000_000
RULES = BreakerPlan("venue", (), (), ("rejects",), max_failures=3, reset_ns=100 * MS,
                    max_reset_ns=350 * MS, half_open_max=2)
OPEN, HALF_OPEN, CLOSED = Phase.OPEN, Phase.HALF_OPEN, Phase.CLOSED


def live(breaker, *history):
    """Lets (time, event) happen one after the other; the breaker after it and all it did."""
    done = []
    for now, event in history:
        breaker, actions = step(breaker, event, now)
        done += actions
    return breaker, done


def opened(rules=RULES, now=0):
    return step(Breaker(rules), Failed(rules.max_failures, "rejects"), now)[0]


def test_failures_in_a_row_open_it_and_a_success_between_them_starts_over():
    breaker, _ = live(Breaker(RULES), (0, Failed(2, "rejects")), (1, Worked()),
                      (2, Failed(2, "rejects")))
    assert breaker.phase == CLOSED
    breaker, done = step(breaker, Failed(1, "rejects"), 3)
    assert breaker.phase == OPEN and breaker.until_ns == 3 + 100 * MS
    assert done[0] == Revoke() and "3 × rejects" in done[1].text


def test_open_it_waits_and_hears_nothing():
    breaker, done = live(opened(), (10, Failed(9, "rejects")), (20, Worked(9)),
                         (100 * MS - 1, Tick()))
    assert (breaker, done) == (opened(), [])


def test_half_open_as_many_successes_as_probes_close_it():
    breaker, done = live(opened(), (100 * MS, Tick()))
    assert breaker.phase == HALF_OPEN and Grant(2) in done
    breaker, _ = step(breaker, Worked(), 110 * MS)
    assert breaker.phase == HALF_OPEN
    breaker, done = step(breaker, Worked(), 111 * MS)
    assert breaker.phase == CLOSED and done[0] == Revoke()


def test_each_probe_that_fails_doubles_the_wait_up_to_the_longest():
    breaker, now, waits = opened(), 0, []
    for _ in range(4):
        waits.append(breaker.until_ns - now)
        now = breaker.until_ns
        breaker, _ = live(breaker, (now, Tick()), (now, Failed(1, "timeouts")))
        assert breaker.phase == OPEN
    assert waits == [100 * MS, 200 * MS, 350 * MS, 350 * MS]


def test_probes_that_came_to_nothing_are_followed_by_others():
    breaker, _ = live(opened(), (100 * MS, Tick()))
    breaker, done = step(breaker, Tick(), 200 * MS)
    assert breaker.phase == HALF_OPEN and done == (Revoke(), Grant(2))


def test_a_breaker_that_halts_stays_open_until_a_person_arms():
    breaker = opened(replace(RULES, on_open="halt"))
    assert next_ns(breaker) is None
    assert step(breaker, Tick(), 10**15) == (breaker, ())
    assert step(breaker, Rearmed(), 10**15)[0].phase == CLOSED


@pytest.mark.parametrize("on_open, mode", [("reduce_only", TradingState.REDUCE_ONLY),
                                           ("cancel_all", TradingState.PAUSED)])
def test_what_open_means(on_open, mode):
    breaker = opened(replace(RULES, on_open=on_open))
    assert mode_of_open(breaker) == mode
    assert mode_of_open(Breaker(breaker.rules)) == TradingState.TRADING


rules = st.builds(
    lambda failures, reset, longest, probes, on_open: BreakerPlan(
        "b", (), (), ("rejects",), failures, reset, reset * longest, probes, on_open),
    st.integers(1, 5), st.sampled_from([1, 50, 1000]), st.integers(1, 8), st.integers(1, 3),
    st.sampled_from(["reduce_only", "cancel_all", "halt"]))
histories = st.lists(st.tuples(
    st.sampled_from([0, 1, 10, 60, 2000]),
    st.one_of(st.builds(Failed, st.integers(0, 3), st.just("rejects")),
              st.builds(Worked, st.integers(0, 3)), st.just(Tick()), st.just(Rearmed()))),
    max_size=60)


@settings(max_examples=400, deadline=None)
@given(rules, histories)
def test_whatever_happens(plan, history):
    breaker, now, granted, in_a_row = Breaker(plan), 0, 0, 0
    for delay, event in history:
        now += delay
        before = breaker
        breaker, actions = step(before, event, now)
        for action in actions:
            granted = {Revoke: 0}.get(type(action), granted)
            if isinstance(action, Grant):
                granted += action.probes
        # Probes are there while it is half open, never more than allowed, and at no other time.
        assert granted == (plan.half_open_max if breaker.phase == HALF_OPEN else 0)
        # It says so whenever its phase changes, and only then.
        said = [a.phase for a in actions if isinstance(a, Changed)]
        assert said == ([breaker.phase] if breaker.phase != before.phase else [])
        # It opens by failures alone: enough in a row, or one while it tries.
        if breaker.phase == OPEN and before.phase != OPEN:
            assert isinstance(event, Failed)
            assert before.phase == HALF_OPEN or in_a_row + event.count >= plan.max_failures
        # It leaves OPEN by time or by a person, never early, never by time alone if it halts.
        if before.phase == OPEN and breaker.phase != OPEN:
            assert isinstance(event, Rearmed) or now >= before.until_ns and plan.on_open != "halt"
        if breaker.phase != CLOSED:
            assert plan.reset_ns <= breaker.reset_ns <= plan.max_reset_ns
        due = next_ns(breaker)
        assert due is None or due >= now or isinstance(event, (Failed, Worked, Tick))
        in_a_row = in_a_row + event.count if isinstance(event, Failed) and breaker.phase == CLOSED \
            else in_a_row
        if isinstance(event, Rearmed) or breaker.phase != CLOSED or \
                isinstance(event, Worked) and event.count:
            in_a_row = 0
