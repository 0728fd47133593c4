"""Looking ahead fetches memory and changes nothing, whatever lies in the buffer."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_view import state_hash
from actors.feed.look_ahead import LOOK, look_from, look_on
from tests.feed.market import Market
from tests.feed.test_itch_book import Feed


def blocks(messages, skip: int) -> bytes:
    """The messages as SoupBinTCP (``skip`` 1) or MoldUDP64 (0) put them one behind the other."""
    return b"".join((len(m) + skip).to_bytes(2, "big") + b"S" * skip + m for m in messages)


class Looking(Feed):
    """The kernels, looking ahead in a buffer of which they are told."""

    def look(self, buffer: bytes, size: int, skip: int) -> None:
        self.looked = np.zeros(1, LOOK)
        self.buffer = np.frombuffer(buffer + b"\xee" * 64, np.uint8)
        at = self.buffer.ctypes.data
        look_from(self.looked.ctypes.data, at, at + size, skip, *self._where())

    def on(self) -> None:
        look_on(self.looked.ctypes.data, *self._where())

    def _where(self):
        return (self.book.address, self.tables["symbols"].ctypes.data,
                self.tables["locates"].ctypes.data)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 80), skip=st.integers(0, 1))
def test_books_are_the_same_with_and_without(seed, length, skip):
    rng, market = random.Random(seed), Market()
    messages = market.opening() + [market.any(rng) for _ in range(length)]
    plain, looking = Feed(), Looking()
    buffer = blocks(messages, skip)
    looking.look(buffer, len(buffer), skip)
    for message in messages:
        looking.on()
        assert (looking.apply(message) == plain.apply(message)).all()
    assert state_hash(looking.book.address) == state_hash(plain.book.address)


def test_it_looks_as_far_as_the_buffer_goes_and_no_further():
    market, looking = Market(), Looking()
    messages = market.opening()
    buffer = blocks(messages, 0)
    for size in range(len(buffer)):  # every truncation
        looking.look(buffer, size, 0)
        for _ in messages:
            looking.on()
        where = looking.looked[0]["at"] - looking.buffer.ctypes.data
        assert where <= size


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_random_bytes_are_looked_at_in_vain(seed):
    rng, market, looking = random.Random(seed), Market(), Looking(orders=64, levels_per_side=16)
    for message in market.opening() + [market.any(rng) for _ in range(20)]:
        looking.apply(message)
    before = state_hash(looking.book.address)
    messages = [bytearray(market.any(rng)) for _ in range(20)]
    for message in messages:
        for _ in range(4):
            message[rng.randrange(len(message))] = rng.randrange(256)
    buffer = blocks(messages, 0) + rng.randbytes(300)
    looking.look(buffer, len(buffer), rng.randrange(2))
    for _ in range(60):
        looking.on()
    assert state_hash(looking.book.address) == before
