"""State and output are a function of the journal: whoever reads it again gets both."""

import pathlib
import random
import shutil

import numpy as np
import pytest

from actors.exchange.flow_config import HistoricalFlowConfig, SyntheticFlowConfig
from actors.exchange.inputs import InputType
from actors.exchange.session_io import flush_all
from actors.exchange.venue import Counter, Phase
from actors.runtime.journal import JournalError, read_journal, read_records
from schemas.venue.ouch50 import OptionTag
from tests.exchange.durable import NOON_NS, SYMBOLS, DurableVenue
from tests.exchange.nothing import do_nothing


def _trade(venue: DurableVenue, chance: random.Random, steps: int) -> None:
    """Orders of every kind on both protocols, cancels, nonsense, accounts that leave, and a market
    that moves; an operator who halts, freezes and breaks, and orders whose time comes."""
    for _ in range(steps):
        account = chance.randrange(3)
        some_ref = chance.randint(1, max(venue.next_ref[account], 2))
        what = chance.randrange(14)
        if what < 4:
            venue.flow(chance.randint(0, 3_000_000))
        elif what < 8:
            price = 100 * chance.randint(9_000, 31_000)
            venue.enter(account, side=chance.choice("BS"), price=price,
                        quantity=chance.randint(1, 900), symbol=chance.choice(SYMBOLS),
                        time_in_force=chance.choice("03"), display=chance.choice("YN"))
            if chance.random() < 0.2:
                venue.enter(account, price=price, symbol=chance.choice(SYMBOLS), time_in_force="6",
                            appendage=[(OptionTag.EXPIRE_TIME, chance.randint(1, 9))])
        elif what == 8:
            venue.ask(account, "X", user_ref_num=some_ref, quantity=chance.choice((0, 50)))
        elif what < 11:
            venue.enter42(3 + account, buy_sell_indicator=chance.choice("BS"),
                          price=100 * chance.randint(9_000, 31_000), stock=chance.choice(SYMBOLS))
        elif what == 11 and chance.random() < 0.1:
            venue.carry_out(InputType.DESERT, chance.randrange(6))
        elif what == 12:
            _intervene(venue, chance)
        else:
            venue.carry_out(InputType.REQUEST, chance.randrange(6),
                            chance.randbytes(chance.randrange(60)))


def _intervene(venue: DurableVenue, chance: random.Random) -> None:
    symbol = chance.randrange(len(SYMBOLS))
    what = chance.randrange(6)
    if what < 2:
        venue.carry_out((InputType.HALT, InputType.TRADE)[what], symbol, b"T1  ")
    elif what == 2:
        venue.carry_out(InputType.FREEZE, symbol | chance.randrange(3) << 32)
        ref = venue.enter(0, price=10_000, symbol=SYMBOLS[symbol])
        venue.ask(0, "X", user_ref_num=ref, quantity=0)
    elif what == 3:
        account = chance.randrange(6)
        party = (account + 1).to_bytes(4, "big") + (1).to_bytes(4, "big") + b"CLIENT ORDER 1"
        venue.carry_out(InputType.BUST, chance.randint(1, 9), b"S\0\1" + party)
    else:
        venue.carry_out(InputType.EXPIRE, (NOON_NS + venue.now_ns) // 10**9 + chance.randrange(9))


def _same(live: DurableVenue, again: DurableVenue) -> None:
    """The recovered one has the state of the live one, but for how long it stood still."""
    assert again.durability.recovered
    assert int(again.durability.table["recovered_hash"][0]) == live.hash()
    assert again.output() == live.output()
    np.testing.assert_array_equal(again.counters, live.counters)


@pytest.mark.parametrize("seed", range(8))
def test_abandoned_anywhere_it_comes_back_the_same(tmp_path, seed):
    chance = random.Random(seed)
    venue = DurableVenue(tmp_path)
    venue.open()
    for _ in range(6):
        _trade(venue, chance, chance.randrange(400))
        if chance.random() < 0.5:
            venue.checkpoint()
            _trade(venue, chance, chance.randrange(100))
        again = DurableVenue(tmp_path)
        _same(venue, again)
        again.next_ref, venue = venue.next_ref, again
    assert venue.venue.engine.state["next_match"][0] > 10
    for counter in (Counter.THROTTLED, Counter.DESERTIONS, Counter.REJECTS, Counter.FILLS,
                    Counter.CANCELS_PENDING, Counter.BROKEN_TRADES, Counter.EXPIRIES):
        assert venue.counters[counter] > 0 or seed > 0, counter
    assert venue.venue.accounts["last_user_ref"].all()


def test_with_checkpoints_and_without_the_state_is_the_same(tmp_path):
    chance = random.Random(99)
    venue = DurableVenue(tmp_path / "with", keep=True)
    venue.open()
    for _ in range(4):
        _trade(venue, chance, 300)
        venue.checkpoint()
    _trade(venue, chance, 50)
    shutil.copytree(tmp_path / "with", tmp_path / "without")
    for mark in (tmp_path / "without").glob("checkpoint-*"):
        mark.unlink()
    (tmp_path / "without/streams").unlink()
    from_marks, from_start = (DurableVenue(tmp_path / name, keep=True)
                              for name in ("with", "without"))
    _same(venue, from_marks)
    _same(venue, from_start)
    assert from_marks.durability.table["replayed"] < from_start.durability.table["replayed"]


def test_output_longer_than_its_ring_comes_back_as_far_as_it_was_kept(tmp_path):
    venue = DurableVenue(tmp_path)
    venue.open()
    for n in range(40):
        for _ in range(8):
            venue.flow(20_000_000)
        if n % 7 == 3:
            venue.checkpoint()
    log = venue.venue.logs.logs[0]
    assert log["end"] > log["capacity"]
    again = DurableVenue(tmp_path)
    _same(venue, again)
    assert again.venue.logs.oldest_retained(0) == venue.venue.logs.oldest_retained(0)


def test_a_damaged_checkpoint_costs_time_not_state(tmp_path):
    chance = random.Random(5)
    venue = DurableVenue(tmp_path)
    venue.open()
    for _ in range(3):
        _trade(venue, chance, 200)
        venue.checkpoint()
    newest = sorted(tmp_path.glob("checkpoint-*"))[-1]
    raw = bytearray(newest.read_bytes())
    raw[5_000] ^= 1
    newest.write_bytes(raw)
    again = DurableVenue(tmp_path)
    _same(venue, again)
    assert any("damaged" in text for text in again.log.texts)


def test_what_was_written_down_and_not_carried_out_is_carried_out(tmp_path):
    """Killed between the two: the order is there afterwards, and its answer waits in the log."""
    venue = DurableVenue(tmp_path)
    venue.open()
    venue.enter(0)
    before, orders = venue.output()[1], venue.counters[0]
    record = venue.venue.record[0]
    record["apply"], apply = do_nothing.address, record["apply"]
    venue.enter(0, price=999_900)
    record["apply"] = apply
    assert venue.output()[1] == before
    again = DurableVenue(tmp_path)
    assert again.counters[0] == orders + 1
    assert again.output()[1].startswith(before) and len(again.output()[1]) > len(before)


def test_a_recording_goes_on_where_it_was(tmp_path):
    file = pathlib.Path(__file__).parents[2] / "topologies/recordings/synthetic.itch.gz"
    flow = HistoricalFlowConfig(kind="historical", file=str(file), speed=1)
    venue = DurableVenue(tmp_path, flow=flow)
    venue.carry_out(InputType.OPEN)
    venue.carry_out(InputType.BEGIN)
    for _ in range(60):
        venue.flow(30_000_000)
    assert venue.venue.history.state["next"][0] > venue.venue.history.state["seeds"][0]
    venue.checkpoint()
    for _ in range(20):
        venue.flow(30_000_000)
    _same(venue, DurableVenue(tmp_path, flow=flow))


def test_the_market_stands_still_while_the_exchange_is_away(tmp_path):
    venue = DurableVenue(tmp_path)
    venue.open()
    venue.flow(5_000_000)
    due_in = int(venue.venue.flow.state["next_ns"][0]) - venue.now_ns
    again = DurableVenue(tmp_path)
    flow_ns = int(again.venue.record["flow_ns"][0])
    assert int(again.venue.flow.state["next_ns"][0]) - flow_ns == due_in
    assert again.counters[10] == 0  # nothing was late


def test_a_full_journal_refuses_the_input_and_the_state_stays(tmp_path):
    venue = DurableVenue(tmp_path)
    venue.open()
    venue.durability.keep = lambda now_ns: None  # nobody makes segments
    before = None
    for _ in range(100_000):
        before = venue.hash()
        if not venue.carry_out(InputType.REQUEST, 0, bytes(60_000)):
            break
    assert venue.hash() == before
    assert int(venue.durability.journal.record["stalled"][0]) == 1


def test_clear_begins_a_new_day_and_keeps_the_old_journal_aside(tmp_path):
    folder = tmp_path / "journal"
    venue = DurableVenue(folder)
    venue.open()
    last = read_journal(folder).following
    cleared = DurableVenue(folder, on_restart="clear")
    assert not cleared.durability.recovered
    assert cleared.venue.record["phase"] == Phase.BEFORE_OPEN
    assert read_journal(tmp_path / "journal.previous").following == last


def test_a_day_that_was_closed_is_over_for_the_next_up(tmp_path):
    folder = tmp_path / "journal"
    for close, recovered in ((False, False), (True, True), (False, False)):
        venue = DurableVenue(folder, epoch=1)
        assert venue.durability.recovered is recovered
        if not recovered:
            venue.open()
        if close:
            venue.carry_out(InputType.CLOSE)


def test_what_clients_still_ask_after_the_close_does_not_open_the_day_again(tmp_path):
    folder = tmp_path / "journal"
    venue = DurableVenue(folder, epoch=1)
    venue.open()
    venue.carry_out(InputType.CLOSE)
    venue.enter(0)
    venue.carry_out(InputType.DESERT, 1)
    assert not DurableVenue(folder, epoch=1).durability.recovered


def test_a_closed_day_is_recovered_after_a_kill_and_over_after_an_orderly_stop(tmp_path):
    folder = tmp_path / "journal"
    DurableVenue(folder, epoch=1).carry_out(InputType.CLOSE)
    venue = DurableVenue(folder, epoch=2)
    assert venue.durability.recovered and venue.venue.record["phase"][0] == Phase.CLOSED
    venue.durability.end()
    assert not DurableVenue(folder, epoch=3).durability.recovered


def test_a_changed_config_is_named_and_refused(tmp_path):
    DurableVenue(tmp_path).open()
    with pytest.raises(JournalError, match="a day with other flow.*on_restart: clear"):
        DurableVenue(tmp_path, flow=SyntheticFlowConfig(rate=5))


def test_every_record_of_the_journal_can_be_read(tmp_path):
    from actors.exchange import journal_records  # noqa: F401  (registers the formats)
    from actors.runtime.journal.formats import record_format

    venue = DurableVenue(tmp_path)
    venue.open()
    _trade(venue, random.Random(1), 800)
    venue.carry_out(InputType.CLOSE)
    names = {}
    for record in read_records(read_journal(tmp_path)):
        form = record_format("exchange", record.kind)
        names.setdefault(form.name, []).append(form.fields(record.payload))
    assert set(names) == {kind.name for kind in InputType} - {"BEGIN", "RESUME"}
    assert any(fields.get("symbol") == "AAPL" for fields in names["REQUEST"])
    assert any(fields.get("stock") == "AAPL" for fields in names["REQUEST"])
    assert any("invalid" in fields for fields in names["REQUEST"])


def test_with_durability_disk_nothing_may_be_sent_before_it_is_on_the_disk(tmp_path):
    venue = DurableVenue(tmp_path, durability="disk")
    venue.open()
    journal, log = venue.durability.journal, venue.venue.logs.logs[1]
    journal.stop_syncing()
    for _ in range(2):
        journal.sync()
        flush_all(venue.venue.address, 0)
    assert log["limit"] == log["end"]
    told = int(log["end"])
    venue.enter(0)
    for _ in range(3):
        flush_all(venue.venue.address, 0)
    assert log["limit"] == told < log["end"]
    journal.sync()
    flush_all(venue.venue.address, 0)
    assert log["limit"] == log["end"]
