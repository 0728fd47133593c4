"""Any actor that keeps a journal: what it was before it was killed, it is again."""

import numpy as np
import pytest

from actors.runtime.actor import Setup
from actors.runtime.clock import monotonic_ns
from actors.runtime.host import ActorError
from actors.runtime.journal import read_journal, read_records
from actors.runtime.journal.formats import BEGINNING, record_format
from actors.runtime.vitals import Vitals
from tests.runtime.deployments import W, plan_of
from tests.runtime.in_process import InProcess
from tests.runtime.journaled_actors import Adder, AdderConfig

ACTORS = {"talker": "wire_actors:Talker", "adder": "journaled_actors:Adder",
          "listener": "wire_actors:Listener"}
WIRES = [W("talker/numbers", "adder/numbers"), W("adder/numbers", "listener/numbers")]


@pytest.fixture(scope="module", autouse=True)
def compiled():
    for handler in Adder.handlers():
        handler.compile()


def adder(root, **journal):
    config = {"journal": {"segment_mib": 1, **journal}}
    return InProcess(plan_of(root, ACTORS, WIRES, configs={"adder": config}))


def add(desk, *numbers):
    for number in numbers:
        assert desk.send(number)
        while desk.turn("adder", force=1) == 0 or desk.hosts["adder"].queued():
            pass
    desk.hosts["adder"].actor.housekeep(monotonic_ns())


def totals(desk):
    row = desk.hosts["adder"].tables["totals"][0]
    return int(row["sum"]), int(row["count"])


def durability(desk):
    return desk.hosts["adder"].tables["durability"][0]


def again(desk):
    """Kills the adder without a word; its next incarnation is connected."""
    desk.crash("adder")
    desk.start("adder")
    desk.connect()


def test_what_was_added_is_there_after_a_kill_and_was_sent_once(tmp_path):
    with adder(tmp_path) as desk:
        add(desk, 3, 4, 5)
        assert desk.take_all(count=3) == [0, 0, 0]
        digest = desk.hosts["adder"].actor.journal.state_hash()
        desk.hosts["adder"].tables["totals"]["sum"] = 999  # shared memory is not what counts
        again(desk)
        assert totals(desk) == (12, 3)
        assert desk.take_all() == [], "a recovery sends nothing"
        row = durability(desk)
        assert (row["recovered"], row["replayed"], row["recovered_hash"]) == (4, 4, digest)
        assert row["load_ns"] > 0 and row["replay_ns"] > 0
        assert desk.hosts["adder"].vitals.counter("added") == 3
        add(desk, 6)
        assert totals(desk) == (18, 4)


def test_addresses_are_no_state(tmp_path):
    with adder(tmp_path) as desk:
        add(desk, 3)
        again(desk)
        table = desk.hosts["adder"].tables["totals"]
        assert table["address"][0] == table.ctypes.data


def test_a_checkpoint_is_loaded_and_only_what_follows_is_replayed(tmp_path):
    with adder(tmp_path, checkpoint_every=5) as desk:
        for n in range(1, 9):
            add(desk, n)
        desk.turn("adder")
        desk.hosts["adder"].actor.housekeep(monotonic_ns())
        mark = durability(desk)
        assert mark["checkpoint"] > 1 and mark["copy_ns"] > 0
        checkpointed = int(mark["checkpoint"])
        again(desk)
        assert totals(desk) == (36, 8)
        assert durability(desk)["replayed"] == 9 - checkpointed + 1
        assert desk.hosts["adder"].vitals.counter("added") == 8


def test_the_journal_alone_is_enough(tmp_path):
    folder = tmp_path / "journal"
    with adder(tmp_path / "one", folder=str(folder)) as desk:
        add(desk, 3, 4)
        digest = desk.hosts["adder"].actor.journal.state_hash()
    with adder(tmp_path / "two", folder=str(folder)) as desk:
        assert totals(desk) == (7, 2)
        assert durability(desk)["recovered_hash"] == digest
        assert desk.hosts["adder"].vitals.counter("added") == 2


def test_a_new_run_begins_anew_and_keeps_the_last_ones_journal(tmp_path):
    with adder(tmp_path) as desk:
        add(desk, 3)
    Vitals(tmp_path / "shm" / "adder.vitals").header["epoch"] = 0  # as `up` leaves it
    with adder(tmp_path) as desk:
        assert totals(desk) == (0, 0)
    records = list(read_records(read_journal(tmp_path / "run/journal/adder.previous")))
    assert [record.kind for record in records] == [BEGINNING, 1]
    begin = record_format("adder", BEGINNING)
    assert begin.name == "BEGINNING" and begin.fields(records[0].payload)["unit"] == 1


def test_a_journal_of_other_terms_is_refused_with_what_differs(tmp_path):
    with adder(tmp_path) as desk:
        add(desk, 3)
        host = desk.hosts["adder"]
        host.actor.journal.journal.close()
        other = Adder(Setup("adder", 1, 2, AdderConfig(unit=2), ("A",)))
        other.host = host
        other.tables()
        with pytest.raises(ActorError, match="adder: .* journal with other unit: change that back"):
            other.start()


def test_without_a_journal_nothing_survives(tmp_path):
    with adder(tmp_path, durability="none") as desk:
        add(desk, 3)
        assert totals(desk) == (3, 1)
        again(desk)
        assert totals(desk) == (0, 0)


def test_with_durability_disk_it_is_said_what_is_on_the_disk(tmp_path):
    with adder(tmp_path, durability="disk") as desk:
        add(desk, 3, 4)
        journal = desk.hosts["adder"].actor.journal.journal
        journal.stop_syncing()
        journal.sync()
        desk.hosts["adder"].actor.housekeep(monotonic_ns())
        assert durability(desk)["synced"] == durability(desk)["sequence"] == 3


def test_when_no_segment_can_be_made_inputs_are_refused_and_none_is_half_done(tmp_path):
    with adder(tmp_path) as desk:
        row = desk.hosts["adder"].actor.journal.journal.record[0]
        row["next_base"], row["at"] = 0, row["size"] - 40
        assert desk.send(7)
        while desk.turn("adder", force=1) == 0 or desk.hosts["adder"].queued():
            pass
        assert totals(desk) == (0, 0)
        assert desk.hosts["adder"].vitals.counter("full") == 1
        np.testing.assert_equal(int(row["claimed"]), -1)
