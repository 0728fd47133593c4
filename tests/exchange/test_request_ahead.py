"""Looking ahead at requests fetches memory and changes nothing, whatever the client has sent."""

import ctypes
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.exchange.matching import engine_hash
from actors.exchange.request_ahead import begin_looking, look_further
from actors.exchange.session_state import SessionKind
from schemas.venue import ouch50, soupbintcp
from tests.exchange.desk import MAKER, TAKER, Desk

UNSEQUENCED = soupbintcp.UNSEQUENCED_DATA


@pytest.fixture(scope="module")
def desks():
    """One that looks ahead, and one that does not."""
    return Desk(), Desk()


def requests(rng: random.Random, first: int, n: int) -> list[bytes]:
    """Some that make sense, some that do not, some that are none."""
    made = []
    for ref in range(first, first + n):
        kind, known = rng.choice("OOOOXXUM?"), rng.randint(max(first - 20, 1), ref)
        if kind == "O":
            message = ouch50.encode_in(
                "O", user_ref_num=ref, side=rng.choice("BSTE"), quantity=rng.randint(1, 300),
                symbol=rng.choice(("AAPL", "MSFT", "NONE")), price=100 * rng.randint(98, 103),
                time_in_force=rng.choice("03"), display=rng.choice("YN"), capacity="P",
                intermarket_sweep_eligibility="N", cross_type="N", cl_ord_id="C", appendage=[])
        elif kind == "X":
            message = ouch50.encode_in("X", user_ref_num=known, quantity=rng.choice((0, 50)),
                                       appendage=[])
        elif kind == "U":
            message = ouch50.encode_in(
                "U", orig_user_ref_num=known, user_ref_num=ref, quantity=rng.randint(1, 300),
                price=100 * rng.randint(98, 103), time_in_force="0", display="Y",
                intermarket_sweep_eligibility="N", cl_ord_id="C", appendage=[])
        elif kind == "M":
            message = ouch50.encode_in("M", user_ref_num=known, side="B", quantity=40,
                                       appendage=[])
        else:
            message = rng.randbytes(rng.randrange(1, 60))
        if rng.random() < 0.1:
            message = message[:rng.randrange(len(message) + 1)]
        made.append(message)
    return made


def fill_buffer(desk: Desk, account: int, data: bytes) -> None:
    session = desk.venue.sessions.sessions[account]
    ctypes.memmove(int(session["receive_at"]), data, len(data))
    session["kind"], session["begin"], session["filled"] = SessionKind.ORDER_ENTRY, 0, len(data)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 60))
def test_the_answers_are_the_same_with_and_without(desks, seed, n):
    rng, (looking, plain) = random.Random(seed), desks
    looking.venue.record[0]["looks_ahead"] = 1
    for account in (MAKER, TAKER):
        first = 1 + int(plain.venue.accounts[account]["last_user_ref"])
        made = requests(rng, first, n)
        data = b"".join(soupbintcp.packet(UNSEQUENCED, m) for m in made)
        fill_buffer(looking, account, data + rng.randbytes(rng.randrange(4)))
        looks = begin_looking(looking.venue.address, account)
        assert looks == (len(data) >= 256) or abs(len(data) - 256) < 4
        for message in made:
            if looks:
                look_further(looking.venue.address, account)
            assert looking.send(account, message) == plain.send(account, message)
    assert looking.public() == plain.public()
    assert engine_hash(looking.venue.engine.address) == engine_hash(plain.venue.engine.address)


def test_who_sends_one_at_a_time_is_not_looked_at(desks):
    looking, _ = desks
    looking.venue.record[0]["looks_ahead"] = 1
    fill_buffer(looking, MAKER, soupbintcp.packet(UNSEQUENCED, b"O" * 47))
    assert not begin_looking(looking.venue.address, MAKER)


@pytest.mark.parametrize("data", [b"\x00\x00" * 200, b"\xff" * 400, b"\x00\x01U" * 200,
                                  b"\x00\x02UX" * 100, b"\x00\x02UO" * 100])
def test_a_stream_that_has_lost_step_is_no_danger(desks, data):
    looking, _ = desks
    looking.venue.record[0]["looks_ahead"] = 1
    before = engine_hash(looking.venue.engine.address)
    fill_buffer(looking, MAKER, data)
    assert begin_looking(looking.venue.address, MAKER)
    for _ in range(250):
        look_further(looking.venue.address, MAKER)
    assert engine_hash(looking.venue.engine.address) == before
    assert np.all(looking.venue.record["ahead"]["at"] <= len(data))
