"""The ring behind a tapped port: against a list, against a writer in another process, and against
whatever may lie in its memory."""

import multiprocessing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.layout import TAP_RING
from actors.runtime.native import kernel, memset
from actors.runtime.seqlock import begin_write, copy_whole, end_write
from actors.runtime.tap import TapReader, tap_file
from actors.runtime.tap_ring import SLOTS_AT, read_tap, write_tap
from actors.runtime.vitals import Page
from schemas.messages import BookSnapshot, OrderCommand
from tests.runtime.deployments import eventually

SIZE, SLOT = 40, 64


class Ring:
    """A ring in plain memory and one reader of it."""

    def __init__(self, slots):
        self.memory = np.zeros(SLOTS_AT + slots * SLOT, np.uint8)
        self.header = self.memory[:SLOTS_AT].view(TAP_RING)[0]
        self.mask, self.cursor = slots - 1, np.zeros(2, np.int64)

    def write(self, number):
        message = np.full(SIZE // 8, number, np.int64)
        write_tap(self.memory.ctypes.data, self.mask, SLOT, message.ctypes.data, SIZE)

    def read(self, most):
        out = np.zeros((most, SIZE // 8), np.int64)
        n = read_tap(self.memory.ctypes.data, self.mask, SLOT, SIZE, self.cursor.ctypes.data,
                     out.ctypes.data, most)
        assert (out[:n] == out[:n, :1]).all()
        return out[:n, 0].tolist()

    @property
    def skipped(self):
        return int(self.cursor[1])


@settings(deadline=None)
@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 100), st.integers(1, 20))))
def test_a_reader_has_every_message_or_knows_how_many_it_missed(bits, steps):
    """The model: messages are 0, 1, 2 ...; the next one is always ``len(read) + skipped``."""
    slots = 1 << bits
    ring, written, known = Ring(slots), 0, 0
    for more, most in steps:
        for _ in range(more):
            ring.write(written)
            written += 1
        behind, before = written - known, ring.skipped
        got = ring.read(most)
        missed = ring.skipped - before
        if behind < slots:
            assert missed == 0, "nothing was overwritten yet"
        else:
            assert 0 < missed <= behind - slots + 1 + slots // 8, "no more than need be"
        assert got == list(range(known + missed, known + missed + len(got)))
        assert len(got) == min(most, behind - missed)
        known += missed + len(got)


def test_a_message_whose_writer_was_killed_is_not_delivered_and_its_place_is_used_again():
    ring = Ring(4)
    ring.write(1)
    half = ring.memory[SLOTS_AT + SLOT:][:SLOT].view(np.int64)
    half[:3] = 2 * 1 + 1, 99, 99    # its version says: being written; the head has not moved
    assert ring.read(4) == [1]
    ring.write(2)                   # the next incarnation
    assert ring.read(4) == [2] and ring.skipped == 0


@pytest.mark.parametrize("head", [-1, -2**63, 2**63 - 1, 12345])
def test_whatever_the_head_says_the_writer_stays_in_the_ring(head):
    ring = Ring(8)
    fence = np.zeros(3 * len(ring.memory), np.uint8)
    at = len(ring.memory)
    fence[at:2 * at] = ring.memory
    ring.memory = fence[at:2 * at]
    ring.memory[:SLOTS_AT].view(TAP_RING)["head"] = head
    for number in range(20):
        ring.write(number)
    assert not fence[:at].any() and not fence[2 * at:].any()


def test_files_that_are_no_ring_of_the_port_are_refused(tmp_path):
    TapReader(tmp_path, "actor", "port", OrderCommand, slots=8).close()
    with pytest.raises(ValueError, match="not a tap ring for messages of"):
        TapReader(tmp_path, "actor", "port", BookSnapshot)
    tap_file(tmp_path, "actor", "other").write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not a tap ring"):
        TapReader(tmp_path, "actor", "other", OrderCommand)


# ---- two processes -------------------------------------------------------------------------------

LONG = 4096  # bytes of a message: long enough to be torn


@kernel
def write_many(ring, mask, slot_size, message, size, first, n):
    for number in range(first, first + n):
        memset(message, np.int32(number & 127), size)
        write_tap(ring, mask, slot_size, message, size)


@kernel
def change_many(page, elsewhere, size, first, n):
    for number in range(first, first + n):
        begin_write(page)
        memset(page + 64, np.int32(number & 127), size)
        end_write(page)
        for _ in range(3):  # it has other things to do
            memset(elsewhere, np.int32(number & 127), size)


def keep_writing(path, slots):
    """Writes numbers, until killed, over a ring of so many slots; 0 slots: guarded by a version."""
    page = Page(path, 0)
    message = np.zeros(LONG, np.uint8)
    number = 0
    while True:
        if slots:
            write_many(page.address, slots - 1, LONG + 64, message.ctypes.data, LONG, number, 1000)
        else:
            change_many(page.address, message.ctypes.data, LONG, number, 1000)
        number += 1000


@pytest.fixture
def writer(tmp_path):
    """Starts a writing process on a new page; it is killed in the end."""
    started = []

    def start(size, slots):
        page = Page(tmp_path / "page", size, create=True)
        process = multiprocessing.get_context("forkserver").Process(
            target=keep_writing, args=(str(page.path), slots))
        process.start()
        started.append(process)
        return page
    yield start
    for process in started:
        process.kill()
        process.join()


def test_no_message_is_torn_while_another_process_overwrites_them(writer):
    slots = 4
    page = writer(SLOTS_AT + slots * (LONG + 64), slots)
    cursor, out = np.zeros(2, np.int64), np.zeros((8, LONG), np.uint8)
    head = page.view(np.int64, TAP_RING.fields["head"][1])
    eventually(lambda: head > 0, 60, "the writer")
    reads = whole = 0
    while reads < 20_000 or not cursor[1]:
        n = read_tap(page.address, slots - 1, LONG + 64, LONG, cursor.ctypes.data,
                     out.ctypes.data, len(out))
        reads, whole = reads + 1, whole + n
        assert (out[:n] == out[:n, :1]).all(), "two messages in one"
        # A skip may come between any two of them, so only the last one's number is known.
        assert n == 0 or out[n - 1, 0] == (int(cursor[0]) - 1) & 127
    assert whole > 0


def test_what_a_version_guards_is_read_whole_or_not_at_all(writer):
    page = writer(64 + LONG, 0)
    version, out = page.view(np.int64, 0), np.zeros(LONG, np.uint8)
    eventually(lambda: version > 0, 60, "the writer")
    whole = 0
    for _ in range(20_000):
        found = copy_whole(page.address, page.address + 64, LONG, out.ctypes.data, 10)
        if found >= 0:
            whole += 1
            assert found % 2 == 0 and (out == out[0]).all()
            assert out[0] == (found // 2 - 1) & 127
    assert whole > 0


def test_what_is_never_whole_is_not_read():
    page = np.zeros(16, np.int64)
    begin_write(page.ctypes.data)
    out = np.zeros(8, np.int64)
    assert copy_whole(page.ctypes.data, page.ctypes.data + 64, 64, out.ctypes.data, 50) == -1
    end_write(page.ctypes.data)
    assert copy_whole(page.ctypes.data, page.ctypes.data + 64, 64, out.ctypes.data, 50) == 2
