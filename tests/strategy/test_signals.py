"""Rolling statistics against NumPy."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.strategy.mean_reversion import PARAMETERS, decide
from actors.strategy.signals import WINDOW, add_price, z_score


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1_900_000, 2_100_000), min_size=1, max_size=80), st.integers(2, 20))
def test_z_score_equals_numpys_over_the_window(prices, length):
    window, samples = np.zeros(1, WINDOW)[0], np.zeros(length, np.int64)
    for i, price in enumerate(prices):
        add_price(window, samples, price)
        recent = np.array(prices[max(0, i + 1 - length):i + 1], float)
        if len(recent) < length or recent.std() == 0:
            assert z_score(window, samples, price) == 0.0
        else:
            expected = (price - recent.mean()) / recent.std()
            assert abs(z_score(window, samples, price) - expected) < 1e-6


def test_a_price_that_jumps_far_away_starts_the_window_anew():
    window, samples = np.zeros(1, WINDOW)[0], np.zeros(4, np.int64)
    for price in (100, 101, 102, 103):
        add_price(window, samples, price)
    add_price(window, samples, 10**9)
    assert window["filled"] == 1


@settings(max_examples=300, deadline=None)
@given(st.floats(-6, 6), st.integers(-500, 500), st.integers(1, 400))
def test_decisions_stay_within_the_position_limit_and_never_cross_zero(z, position, quantity):
    params = np.array([(2.0, 0.5, quantity, 500, 0)], PARAMETERS)[0]
    shares = decide(params, z, position)
    assert abs(position + shares) <= max(500, abs(position))
    assert position * (position + shares) >= 0
    if z <= -2.0 and position < 500:
        assert shares > 0
    if abs(z) < 0.5 and position:
        assert shares * position < 0
