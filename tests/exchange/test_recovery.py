"""The exchange is killed and comes back with everything: orders, numbers, sessions, the market."""

import os
import pathlib
import shutil

import numpy as np

from actors.runtime.journal import read_journal, read_records
from actors.runtime.journal.replaying import DURABILITY
from actors.runtime.vitals import map_table
from schemas.venue import itch50
from tests.exchange.itch_book import ItchBook
from tests.exchange.venues import PASSWORDS, RunningExchange
from tests.runtime.deployments import eventually, free_port


class KillableExchange(RunningExchange):
    """Ports that stay the same over a kill."""

    def __init__(self, root, **config):
        super().__init__(root, order_entry=f"127.0.0.1:{free_port()}",
                         market_data=f"127.0.0.1:{free_port()}", **config)

    @property
    def journal(self) -> pathlib.Path:
        return pathlib.Path(self.plan.run_dir) / "journal/exchange"

    @property
    def durability(self) -> np.ndarray:
        return map_table(self.plan.shm_dir, "exchange", "durability", DURABILITY, (1,))[0]

    def kill_and_restart(self) -> None:
        self.kill("exchange")
        self.start("exchange")
        self.wait_ready()

    def return_of(self, client):
        """The client's user logged in again to the same session, where it left off."""
        again = (self.order_client if hasattr(client, "next_ref") else self.market_client)()
        answer = again.login("DESK01", PASSWORDS["DESK01"], client.session, client.next_sequence)
        assert answer.session == client.session and answer.sequence_number == client.next_sequence
        return again


def test_orders_numbers_and_sessions_survive_a_kill(tmp_path):
    with KillableExchange(tmp_path) as exchange:
        trader, viewer = exchange.trader(), exchange.viewer()
        refs = [trader.enter("B", 100, "AAPL", 1_000_000 - 100 * n) for n in range(5)]
        numbers = [trader.expect("A")["order_reference_number"] for _ in refs]
        assert [m["order_reference_number"] for m in viewer.updates(5)] == numbers
        exchange.kill_and_restart()
        trader, viewer = exchange.return_of(trader), exchange.return_of(viewer)
        trader.sync()
        assert trader.next_ref == refs[-1] + 1
        other = exchange.trader("DESK02")
        other.enter("S", 250, "AAPL", 999_800, time_in_force="3")
        fills = [trader.expect("E") for _ in range(3)]
        assert [fill["user_ref_num"] for fill in fills] == refs[:3]
        assert [fill["quantity"] for fill in fills] == [100, 100, 50]
        assert [m["order_reference_number"] for m in viewer.updates(3)] == numbers[:3]
        assert "recovered" in exchange.expect_log("the day goes on")


def test_a_client_gets_all_it_missed_byte_for_byte(tmp_path):
    """The stream from message 1 is the same before a kill and after, and goes on."""
    with KillableExchange(tmp_path, flow={"rate": 20_000}) as exchange:
        viewer = exchange.viewer(1)
        before = [viewer.message() for _ in range(20_000)]
        exchange.kill_and_restart()
        again = exchange.market_client()
        again.login("DESK01", PASSWORDS["DESK01"], viewer.session, 1)
        assert [again.message() for _ in range(20_000)] == before
        book = ItchBook()
        for message in before + [again.message() for _ in range(20_000)]:
            book.apply(itch50.decode(message))  # every message fits the book


def test_killed_again_and_again_while_orders_come(tmp_path):
    """Each time what a client was told is there. What is recovered, with checkpoints on the way, is
    the state that another exchange gets from the whole journal."""
    settings = {"flow": {"rate": 20_000}, "journal": {"checkpoint_every": 200, "keep": True,
                                                      "segment_mib": 1}}
    with KillableExchange(tmp_path / "killed", **settings) as exchange:
        trader, told = exchange.trader(), 0
        for life in range(1, 5):
            for n in range(150):
                trader.enter("B", 10, "AAPL", 10_000 + 100 * n)
            for _ in range(20 * life):
                told = max(told, trader.expect("A")["user_ref_num"])
            exchange.kill_and_restart()
            trader = exchange.return_of(trader)
            trader.sync()
            assert trader.next_ref > told
        eventually(lambda: exchange.durability["checkpoint"] > 600)
        exchange.kill("exchange")
        copy = tmp_path / "copy"
        shutil.copytree(exchange.journal, copy)
        exchange.start("exchange")
        exchange.wait_ready()
        row = exchange.durability.copy()
        assert row["ready_ns"] < 10**9 and row["recovered"] > row["replayed"]
        assert exchange.logged("recovered", f"{int(row['recovered_hash']):016x}")
    for path in [*copy.glob("checkpoint-*"), copy / "streams"]:
        path.unlink()
    settings["journal"]["folder"] = str(copy)
    with KillableExchange(tmp_path / "other", **settings) as other:
        assert other.durability["replayed"] == other.durability["recovered"] == row["recovered"]
        assert other.durability["recovered_hash"] == row["recovered_hash"]


def test_an_orderly_restart_goes_on_with_the_day(tmp_path):
    with KillableExchange(tmp_path) as exchange:
        trader = exchange.trader()
        ref = trader.enter("B", 100, "AAPL", 1_000_000)
        trader.expect("A")
        exchange.deployment["supervisor_pid"] = os.getpid()
        assert exchange.stop() == {"exchange": 0}
        exchange.start("exchange")
        exchange.wait_ready()
        trader = exchange.return_of(trader)
        trader.cancel(ref)
        assert trader.expect("C")["quantity"] == 100


def test_clear_begins_a_new_day(tmp_path):
    with KillableExchange(tmp_path, on_restart="clear") as exchange:
        trader = exchange.trader()
        trader.enter("B", 100, "AAPL", 1_000_000)
        trader.expect("A")
        exchange.kill_and_restart()
        again = exchange.order_client()
        answer = again.login("DESK01", PASSWORDS["DESK01"])
        assert answer.session != trader.session and answer.sequence_number == 1
        assert exchange.expect_log("a new day begins")
        assert exchange.expect_log("journal until now is kept in")


def test_a_journal_damaged_in_the_middle_keeps_the_exchange_from_starting(tmp_path):
    with KillableExchange(tmp_path) as exchange:
        trader = exchange.trader()
        for _ in range(10):
            trader.enter("B", 100, "AAPL", 1_000_000)
            trader.expect("A")
        exchange.kill("exchange")
        segment = exchange.journal / "segment-00000001"
        record = next(read_records(read_journal(exchange.journal), 5))
        raw = bytearray(segment.read_bytes())
        raw[record.offset + 50] ^= 1
        segment.write_bytes(raw)
        exchange.start("exchange")
        exchange.processes["exchange"].join(20)
        assert exchange.processes["exchange"].exitcode == 70
        assert exchange.logged("failed", str(segment), "pitwire journal cut")


def test_with_durability_disk_replies_come_when_the_order_is_on_the_disk(tmp_path):
    with KillableExchange(tmp_path, journal={"durability": "disk"}) as exchange:
        trader = exchange.trader()
        for _ in range(20):
            trader.enter("B", 100, "AAPL", 1_000_000)
            trader.expect("A")
        eventually(lambda: exchange.durability["synced"] == exchange.durability["sequence"] > 20)
        exchange.kill_and_restart()
        trader = exchange.return_of(trader)
        trader.sync()
        trader.enter("S", 2_000, "AAPL", 1_000_000)
        trader.expect("A")
        assert sum(trader.expect("E")["quantity"] for _ in range(40)) == 4_000
