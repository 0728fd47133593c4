"""What is written is read back, over segments, reopening and checkpoints; a model says what."""

import os
import pathlib
import resource
import tempfile

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.runtime.journal import (
    Journal, JournalError, JournalOptions, claim_record, is_durable, read_journal, read_records,
)
from actors.runtime.journal.checkpoints import list_checkpoints
from actors.runtime.journal.segments import filesystem_of, list_segments
from tests.runtime.journal.writing import SMALL, append, contents, write_numbered


def _block(value: int) -> dict[str, np.ndarray]:
    return {"state": np.full(5, value, np.int64), "name": np.frombuffer(b"abc", np.uint8)}


class JournalModel(RuleBasedStateMachine):
    """A list of records, of which the journal has all since its older checkpoint."""

    def __init__(self):
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = f"{self.scratch.name}/j"
        self.journal = Journal(self.folder, SMALL)
        self.written: list[tuple[int, int, bytes]] = []
        self.marks: list[int] = []

    def teardown(self):
        self.journal.close()
        self.scratch.cleanup()

    @rule(kind=st.integers(0, 0xFFFE), time_ns=st.integers(-2**63, 2**63 - 1),
          payload=st.binary(max_size=200) | st.integers(1, 9_000).map(bytes))
    def append(self, kind, time_ns, payload):
        self.journal.maintain(0)
        assert append(self.journal, kind, payload, time_ns) == len(self.written) + 1
        self.written.append((kind, time_ns, payload))

    @rule(size=st.integers(0, 5_000))
    def claim_and_think_better_of_it(self, size):
        self.journal.maintain(0)
        assert claim_record(self.journal.address, 1, size, 9) != 0

    @rule()
    def reopen_without_closing(self):
        self.journal = Journal(self.folder, SMALL)
        checkpoint, tail = self.journal.checkpoint, self.journal.tail
        assert (checkpoint is None) == (not self.marks)
        assert tail[-1].following == len(self.written) + 1
        if checkpoint is not None:
            assert checkpoint.sequence == self.marks[-1]
            assert (checkpoint.blocks["state"].view(np.int64) == self.marks[-1]).all()
            assert checkpoint.blocks["name"].tobytes() == b"abc"
        self.journal.forget()

    @rule()
    def close_and_open(self):
        self.journal.close()
        self.reopen_without_closing()

    @rule()
    def checkpoint(self):
        position = self.journal.position
        self.journal.write_checkpoint(position, _block(position[0]))
        if not self.marks or self.marks[-1] != position[0]:
            self.marks.append(position[0])

    @invariant()
    def has_what_was_written(self):
        reading = read_journal(self.folder_path())
        assert reading.damage is None and reading.following == len(self.written) + 1
        first = reading.first
        assert first <= (self.marks[-2] if len(self.marks) > 1 else 1)
        found = [(r.kind, r.time_ns, r.payload) for r in read_records(reading)]
        assert found == self.written[first - 1:]

    def folder_path(self):
        return pathlib.Path(self.folder)


TestJournalModel = JournalModel.TestCase
TestJournalModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None,
                                     suppress_health_check=list(HealthCheck))


def test_a_kernel_waits_for_no_file_it_is_told_that_there_is_none(tmp_path):
    journal = Journal(tmp_path / "j", SMALL)
    told = np.zeros(1, np.int64)
    done = write_numbered(journal.address, 1_000_000, told.ctypes.data)
    assert done == told[0] < 1_000_000 and journal.record["stalled"] == 1
    journal.maintain(0)
    assert write_numbered(journal.address, 10, told.ctypes.data) == 10
    assert len(contents(tmp_path / "j")) == done + 10


def test_segments_before_the_older_checkpoint_are_deleted_unless_kept(tmp_path):
    left = {}
    for keep in (False, True):
        folder = tmp_path / str(keep)
        options = JournalOptions("test", segment_bytes=1 << 16, keep=keep)
        journal = Journal(folder, options)
        for n in range(5):
            for _ in range(3):
                append(journal, 1, bytes(40_000))
                journal.maintain(0)
            journal.write_checkpoint(journal.position, _block(n))
        left[keep] = list(list_segments(folder))
        assert len(list_checkpoints(folder)) == 2
        again = Journal(folder, options)
        assert again.checkpoint.sequence == 16 and again.tail[-1].following == 16
    assert left[True][0] == 1 and left[False][0] >= 11


def test_a_record_longer_than_a_segment_is_refused_and_nothing_is_used_up(tmp_path):
    journal = Journal(tmp_path / "j", SMALL)
    assert claim_record(journal.address, 1, 70_000, 0) == 0
    assert append(journal, 1, b"short") == 1


def test_without_a_journal_each_record_takes_the_place_of_the_last():
    journal = Journal(None, SMALL)
    places = set()
    for n in range(3):
        places.add(claim_record(journal.address, 1, 100, 0))
        assert append(journal, 1, bytes(100)) == n + 1
    assert len(places) == 1 and is_durable(journal.address)


def test_no_space_is_said_in_words_and_loses_nothing(tmp_path):
    """A limit on file sizes stands for a full disk: both fail where the next segment is made."""
    folder = tmp_path / "j"
    journal = Journal(folder, SMALL)
    told, limits = np.zeros(1, np.int64), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, limits[1]))
    try:
        done = write_numbered(journal.address, 1_000_000, told.ctypes.data)
        journal.maintain(0)
        assert "cannot make the journal segment" in journal.trouble
        assert "free space" in journal.trouble
        with pytest.raises(JournalError, match="cannot write the checkpoint.*free space"):
            journal.write_checkpoint(journal.position, {"state": np.zeros(1 << 16, np.uint8)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(contents(folder)) == done
    assert not list(folder.glob("*.new"))
    journal.maintain(2_000_000_000)
    assert journal.trouble == "" and append(journal, 1, b"goes on") == done + 1


def test_disk_durability_acknowledges_what_was_synced(tmp_path):
    journal = Journal(tmp_path / "j", JournalOptions("test", 1 << 16, "disk"))
    number = append(journal, 1, b"precious")
    while not is_durable(journal.address):
        os.sched_yield()
    assert journal.record["synced"] == number + 1
    journal.close()
    assert len(contents(tmp_path / "j")) == 1


def test_a_folder_in_use_by_another_kind_is_refused(tmp_path):
    append(Journal(tmp_path / "j", SMALL), 1, b"x")
    with pytest.raises(JournalError, match="journal of a test, not of a gateway"):
        Journal(tmp_path / "j", JournalOptions("gateway", 1 << 16))


def test_set_aside_makes_room_for_a_new_journal(tmp_path):
    assert Journal.set_aside(tmp_path / "j") is None
    for text in (b"first", b"second"):
        append(Journal(tmp_path / "j", SMALL), 1, text)
        aside = Journal.set_aside(tmp_path / "j")
        assert contents(aside) == [(1, 0, text)]


def test_one_process_writes_a_journal(tmp_path):
    journal = Journal(tmp_path / "j", SMALL)
    append(journal, 1, b"mine")
    child = os.fork()
    if child == 0:
        try:
            Journal(tmp_path / "j", SMALL)
        except JournalError as error:
            os._exit(f"written by process {os.getppid()}" in str(error))
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert len(contents(tmp_path / "j")) == 1


def test_durability_disk_in_memory_is_warned_of(tmp_path):
    folder = pathlib.Path("/dev/shm")
    if filesystem_of(folder) != "tmpfs":
        pytest.skip("/dev/shm is no tmpfs here")
    with tempfile.TemporaryDirectory(dir=folder) as inside:
        journal = Journal(f"{inside}/j", JournalOptions("test", 1 << 16, "disk"))
        assert any("is in memory (tmpfs)" in note for note in journal.notes)
        journal.close()
