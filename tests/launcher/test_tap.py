"""What ``pitwire tap`` makes of a name, of conditions, and of what a port sends."""

import io
import json
import types

import numpy as np
import pytest
from rich.console import Console

from actors.runtime.layout import OUT_PORT
from actors.runtime.plan import ActorPlan, WirePlan
from actors.runtime.tap import PortTaps, TapReader
from actors.runtime.tap_ring import write_tap
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.run.codec import decode
from launcher.tap import Selection, Tap, find_ports
from schemas.enums import Flag, Side
from schemas.messages import BookSnapshot, MarketData, OrderCommand
from tests.launcher.test_report import run  # noqa: F401  the fixture

SYMBOLS = ("AAPL", "MSFT")
RELAYS = "tests.runtime.relay_actors"


# ---- names ---------------------------------------------------------------------------------------

@pytest.fixture
def relays(run):  # noqa: F811
    """A deployment of two sources, a relay and a sink that takes from both the others."""
    deployment, _ = run
    classes = {"source": "Source", "other": "Source", "relay": "Relay", "sink": "Sink",
               "desk": "PlainDesk"}
    actors = tuple(ActorPlan(name, i, f"{RELAYS}:{cls}", {}, name, "main")
                   for i, (name, cls) in enumerate(classes.items()))
    joined = [("source", "relay"), ("relay", "sink"), ("other", "sink")]
    wires = tuple(WirePlan(i, a, "numbers", b, "numbers", "OrderCommand", "ipc", "x", 8, "block")
                  for i, (a, b) in enumerate(joined))
    deployment.plan = types.SimpleNamespace(
        name="relays", actors=actors, wires=wires, python_path=(), shm_dir=deployment.plan.shm_dir,
        symbols=SYMBOLS, actor=lambda name: next(a for a in actors if a.name == name),
        inputs_of=lambda name: [w for w in wires if w.target_actor == name])
    return deployment


@pytest.mark.parametrize("name, ports", [
    ("source/numbers", ["source/numbers"]), ("source", ["source/numbers"]),
    ("relay/numbers", ["relay/numbers"]),   # its output, which has the name of its input
    ("sink/numbers", ["relay/numbers", "other/numbers"]),
    ("source/numbers -> relay/numbers", ["source/numbers"]),
    ("source/numbers->relay/numbers", ["source/numbers"])])
def test_a_name_means_an_output_an_input_or_a_wire(relays, name, ports):
    found = find_ports(relays, name)
    assert [str(port) for port in found] == ports
    assert {port.message for port in found} == {OrderCommand}
    assert {port.shown_as for port in found} == {"numbers"}


@pytest.mark.parametrize("name, code, words", [
    ("sorce/numbers", ExitCode.UNKNOWN_ACTOR, "did you mean 'source'?"),
    ("source/nubers", ExitCode.USAGE, "did you mean 'source/numbers'?"),
    ("desk", ExitCode.USAGE, "there is desk/market, desk/executions or desk/control"),
    ("desk/market", ExitCode.FAILURE, "its wires are what"),
    ("relay/numbers -> snk/numbers", ExitCode.USAGE, "did you mean 'relay/numbers -> sink")])
def test_a_name_that_means_nothing_is_told_the_nearest(relays, name, code, words):
    with pytest.raises(Failure) as failure:
        find_ports(relays, name)
    assert failure.value.exit_code == code and words in failure.value.hint


# ---- conditions ----------------------------------------------------------------------------------

@pytest.fixture
def bodies():
    rows = np.zeros(4, MarketData.dtype)
    rows["header"]["seq"] = 1, 2, 3, 4
    rows["header"]["flags"] = 0, Flag.SNAPSHOT, Flag.SNAPSHOT | Flag.LAST, 0
    rows["symbol_id"] = 0, 1, 0, 1
    rows["side"] = Side.BUY, Side.BUY, Side.SELL, Side.SELL
    rows["price_e4"] = 1_000_000, 1_000_100, 1_000_200, 1_000_300
    return rows


@pytest.mark.parametrize("where, seqs", [
    ([], [1, 2, 3, 4]), (["side=BUY"], [1, 2]), (["side=sell"], [3, 4]), (["side=2"], [3, 4]),
    (["symbol=MSFT", "side=SELL"], [4]), (["price=100.02"], [3]), (["price_e4=1000300"], [4]),
    (["flags=SNAPSHOT"], [2, 3]), (["flags=SNAPSHOT,LAST"], [3]), (["seq=2"], [2]),
    (["symbol_id=1"], [2, 4]), (["epoch=1"], [])])
def test_messages_that_meet_all_conditions_are_chosen(bodies, where, seqs):
    chosen = Selection(MarketData, SYMBOLS, where=where).matches(bodies)
    assert bodies["header"]["seq"][chosen].tolist() == seqs


def test_any_of_the_symbols_will_do(bodies):
    def chosen(*symbols):
        found = Selection(MarketData, SYMBOLS, symbols).matches(bodies)
        return bodies["header"]["seq"][found].tolist()
    assert chosen("AAPL") == [1, 3] and chosen("AAPL", "MSFT") == [1, 2, 3, 4]


@pytest.mark.parametrize("message, options, words", [
    (MarketData, {"where": ["side"]}, "not FIELD=VALUE"),
    (MarketData, {"where": ["sied=BUY"]}, "no field 'sied'"),
    (MarketData, {"where": ["side=BOTH"]}, "side cannot be 'BOTH'"),
    (MarketData, {"where": ["seq=first"]}, "seq must be a whole number"),
    (MarketData, {"where": ["header=1"]}, "no field 'header'"),
    (MarketData, {"where": ["price_e4=1e300"]}, "price_e4 must lie in"),
    (MarketData, {"where": ["port=1"]}, "cannot compare port"),
    (BookSnapshot, {"where": ["bids=[]"]}, "cannot compare bids"),
    (MarketData, {"symbols_wanted": ["APL"]}, "no symbol 'APL'"),
    (MarketData, {"fields": ["bid_e4", "aks_e4"]}, "no field 'aks_e4'")])
def test_what_cannot_be_chosen_by_is_refused(message, options, words):
    with pytest.raises(Failure, match=words) as failure:
        Selection(message, SYMBOLS, **options)
    assert failure.value.exit_code == ExitCode.USAGE


def test_a_line_is_a_message_that_can_be_read_back(bodies):
    said = json.loads(Selection(MarketData, SYMBOLS).line("market", bodies[2]))
    assert said["port"] == "market" and said["symbol"] == "AAPL"
    assert {"epoch", "seq", "sent_ns", "cause"} <= set(said)
    again = decode(said, MarketData, SYMBOLS)
    assert again["price_e4"] == 1_000_200 and again["header"]["flags"] == 3


def test_only_the_fields_asked_for_are_shown_in_their_order(bodies):
    selection = Selection(MarketData, SYMBOLS, fields=("side", "seq", "flags"))
    assert selection.line("market", bodies[0]) == '{"side": "BUY", "seq": 1}'
    assert selection.line("market", bodies[1]) == '{"side": "BUY", "seq": 2, "flags": ["SNAPSHOT"]}'


# ---- following -----------------------------------------------------------------------------------

class Producer:
    """Stands in for the housekeeper and reactor of an actor that sends order commands."""

    def __init__(self, deployment, actor):
        self.port = np.zeros((), OUT_PORT)
        self.port["size"] = OrderCommand.size
        self.shm_dir, self.actor, self.page = deployment.plan.shm_dir, actor, _Page()
        self.buffer, self.body = OrderCommand.empty()
        self.start(1)

    def start(self, epoch):
        self.epoch, self.seq = epoch, 0
        self.taps = PortTaps(self.shm_dir, self.actor, self.page, epoch, {"numbers": self.port})

    def send(self, n=1, sent_ns=0):
        for _ in range(n):
            self.seq += 1
            self.body["header"]["epoch"], self.body["header"]["seq"] = self.epoch, self.seq
            self.body["header"]["sent_ns"] = sent_ns
            write_tap(int(self.port["tap"]), int(self.port["tap_mask"]),
                      int(self.port["tap_slot_size"]), self.buffer.ctypes.data, OrderCommand.size)


class _Page:
    def __init__(self):
        self.header = {"tap_request": 0}


class Followed:
    """A tap and what it has printed."""

    def __init__(self, deployment, name, selection=None):
        self.out, self.err = io.StringIO(), io.StringIO()
        ports = find_ports(deployment, name)
        selection = selection or Selection(OrderCommand, SYMBOLS, fields=("epoch", "seq"))
        self.tap = Tap(deployment, ports, selection, self.out,
                       Console(file=self.err, soft_wrap=True, highlight=False))

    def run(self, **options):
        self.tap.run(**{"for_ns": 1, **options})
        return [tuple(json.loads(line).values()) for line in self.out.getvalue().splitlines()]


def test_messages_are_printed_until_there_were_enough(relays):
    followed = Followed(relays, "source")
    producer = Producer(relays, "source")
    producer.send(5)
    assert followed.run(count=3) == [(1, 1), (1, 2), (1, 3)]
    assert "source/numbers: OrderCommand, epoch 1" in followed.err.getvalue()


def test_a_restart_shows_and_the_next_epoch_is_followed(relays):
    followed = Followed(relays, "source")
    producer = Producer(relays, "source")
    producer.send(2)
    producer.start(2)
    producer.send(2)
    assert followed.run() == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert "──── source epoch 2 ────" in followed.err.getvalue()


def test_what_was_overwritten_is_counted_and_told(relays):
    TapReader(relays.plan.shm_dir, "source", "numbers", OrderCommand, slots=8).close()
    followed = Followed(relays, "source")
    Producer(relays, "source").send(100)
    printed = followed.run()
    assert printed == [(1, seq) for seq in range(101 - len(printed), 101)] and len(printed) < 8
    assert followed.tap.skipped == 100 - len(printed)
    assert f"{followed.tap.skipped} messages of source/numbers skipped" in followed.err.getvalue()


def test_several_sources_of_an_input_are_put_in_order(relays):
    followed = Followed(relays, "sink/numbers", Selection(OrderCommand, SYMBOLS,
                                                          fields=("sent_ns",)))
    one, other = Producer(relays, "relay"), Producer(relays, "other")
    for sent_ns, producer in enumerate((one, other, other, one, other)):
        producer.send(sent_ns=sent_ns)
    assert followed.run() == [(0,), (1,), (2,), (3,), (4,)]


def test_an_actor_that_is_not_there_in_time_is_a_timeout(relays):
    followed = Followed(relays, "source")
    with pytest.raises(Failure, match="source did not run") as failure:
        followed.run()
    assert failure.value.exit_code == ExitCode.TIMED_OUT


def test_the_end_of_the_deployment_ends_the_tap(relays):
    followed = Followed(relays, "source")
    producer = Producer(relays, "source")
    producer.send(1)
    assert followed.run(for_ns=None) == [(1, 1)], "the fixture's deployment does not run"
    assert "has ended" in followed.err.getvalue()
