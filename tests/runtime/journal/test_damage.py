"""Bytes of a journal go bad: its end is cut off, and said; in the middle it is refused."""

import pathlib

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from actors.runtime.journal import Journal, JournalError, hash_bytes, read_journal
from actors.runtime.journal.checkpoints import list_checkpoints
from actors.runtime.journal.segments import list_segments, segment_path
from tests.runtime.journal.writing import SMALL, append, contents

_RECORD = 32 + 64


def _journal_of(folder: pathlib.Path, n: int) -> pathlib.Path:
    """``n`` records of 64 bytes, 0-filled but for their number; returns the last segment."""
    journal = Journal(folder, SMALL)
    for number in range(1, n + 1):
        append(journal, 1, number.to_bytes(64, "little"))
        journal.maintain(0)
    return segment_path(folder, int(journal.record["number"][0]))


def _place(n: int) -> int:
    return 128 + (n - 1) * _RECORD


def _flip(path: pathlib.Path, offset: int, bits: int = 0xFF) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ bits]))


def test_a_damaged_last_record_is_cut_off_and_said(tmp_path):
    path = _journal_of(tmp_path, 20)
    _flip(path, _place(20) + 40)
    journal = Journal(tmp_path, SMALL)
    assert [n for n in journal.notes if f"offset {_place(20):,}" in n and "bytes are damaged" in n
            and "record 19 is the last" in n]
    assert append(journal, 1, b"goes on") == 20
    assert len(contents(tmp_path)) == 20


def test_a_torn_record_at_the_end_is_dropped_and_said(tmp_path):
    path = _journal_of(tmp_path, 20)
    with open(path, "r+b") as file:
        file.seek(_place(20))
        file.write(bytes(8))  # killed just before the commit
    journal = Journal(tmp_path, SMALL)
    assert [n for n in journal.notes if "never committed was dropped" in n]
    assert journal.position[0] == 20


@pytest.mark.parametrize("where", [0, 4, 8, 16, 24, 32, 95])
def test_damage_in_the_middle_refuses_to_start_and_says_what_to_do(tmp_path, where):
    path = _journal_of(tmp_path, 20)
    _flip(path, _place(7) + where)
    with pytest.raises(JournalError) as refused:
        Journal(tmp_path, SMALL)
    text = str(refused.value)
    assert str(path) in text and f"offset {_place(7):,}" in text and "record 8 follows" in text
    assert "pitwire journal cut" in text and "copy" in text
    assert Journal.cut(tmp_path).sequence == 7
    assert append(Journal(tmp_path, SMALL), 1, b"goes on") == 7


def test_damage_whose_next_sound_record_is_in_another_segment_is_in_the_middle(tmp_path):
    last = _journal_of(tmp_path, 700)
    first = segment_path(tmp_path, 1)
    assert last != first
    end = read_journal(tmp_path).parts[0].end
    _flip(first, end - _RECORD)
    _flip(first, end + 24)  # and the record that ends the segment
    with pytest.raises(JournalError, match="segment-00000002"):
        Journal(tmp_path, SMALL)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 20 * _RECORD - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(tmp_path_factory, place, bits):
    folder = tmp_path_factory.mktemp("j")
    path = _journal_of(folder, 20)
    _flip(path, 128 + place, bits)
    reading = read_journal(folder)
    hit = place // _RECORD + 1
    assert reading.following == hit
    assert reading.damage is not None or reading.unfinished  # the word of the last became 0
    if hit < 20:
        assert reading.damage.in_the_middle and reading.damage.next_sound[1] == hit + 1


@given(st.binary(min_size=64, max_size=64), st.integers(0, 7), st.integers(1, 2**64 - 1))
@settings(deadline=None)
def test_no_change_within_a_word_keeps_the_hash(content, word, change):
    memory = np.frombuffer(content, np.uint64).copy()
    before = hash_bytes(memory.ctypes.data, 64, 1)
    memory[word] ^= np.uint64(change)
    assert hash_bytes(memory.ctypes.data, 64, 1) != before


def test_a_missing_segment_is_named(tmp_path):
    _journal_of(tmp_path, 2_000)
    segment_path(tmp_path, 2).unlink()
    with pytest.raises(JournalError, match="segment 2 of the journal is missing"):
        Journal(tmp_path, SMALL)


def test_a_segment_cut_short_or_with_a_damaged_header_is_refused(tmp_path):
    path = _journal_of(tmp_path / "short", 5)
    with open(path, "r+b") as file:
        file.truncate(1 << 15)
    with pytest.raises(JournalError, match="65536 is the least"):
        Journal(tmp_path / "short", SMALL)
    path = _journal_of(tmp_path / "header", 5)
    _flip(path, 20)
    with pytest.raises(JournalError, match="header.*is damaged"):
        Journal(tmp_path / "header", SMALL)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path):
    journal = Journal(tmp_path, SMALL)
    for n in range(3):
        append(journal, 1, bytes(100))
        journal.write_checkpoint(journal.position, {"state": np.full(9, n)})
    newest = list_checkpoints(tmp_path)[0]
    _flip(newest, 200)
    again = Journal(tmp_path, SMALL)
    assert again.checkpoint.sequence == 3 and again.tail[-1].following == 4
    assert any(newest.name in note and "damaged" in note for note in again.notes)


def test_no_readable_checkpoint_and_a_journal_that_needs_one_is_refused(tmp_path):
    journal = Journal(tmp_path, SMALL)
    for _ in range(4):
        for _ in range(3):
            append(journal, 1, bytes(40_000))
            journal.maintain(0)
        journal.write_checkpoint(journal.position, {"state": np.zeros(9)})
    assert list(list_segments(tmp_path))[0] > 1
    for path in list_checkpoints(tmp_path):
        path.unlink()
    with pytest.raises(JournalError, match="no readable checkpoint to begin with"):
        Journal(tmp_path, SMALL)


def test_segments_of_two_journals_in_one_folder_are_refused(tmp_path):
    _journal_of(tmp_path / "a", 700)
    _journal_of(tmp_path / "b", 700)
    segment_path(tmp_path / "b", 2).replace(segment_path(tmp_path / "a", 2))
    with pytest.raises(JournalError, match="belongs to another journal"):
        Journal(tmp_path / "a", SMALL)


def test_records_of_another_journal_in_a_payload_are_not_taken_for_its_own(tmp_path):
    """What a client sends may look like records; behind a damaged tail it is not found sound."""
    path = _journal_of(tmp_path / "a", 3)
    stolen = path.read_bytes()[_place(2):_place(4)]
    journal = Journal(tmp_path / "b", SMALL)
    append(journal, 1, b"harmless")
    append(journal, 1, stolen)
    assert int(journal.record["sequence"][0]) == 3
    path = segment_path(tmp_path / "b", 1)
    _flip(path, 128 + 40 + 24)
    assert read_journal(tmp_path / "b").damage.in_the_middle is False
