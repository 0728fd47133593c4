"""Risk alone on a tape of orders and reports: killed between any two messages and fed on from where
it says it was, it ends as if nobody had killed it, and as a slow model in plain Python says."""

import pathlib
import tempfile

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import actors.risk.journal_records
import actors.strategy.journal_records  # noqa: F401
from actors.risk import RiskManager
from actors.risk.positions import realized_e4
from actors.runtime.journal import read_journal, read_records
from actors.runtime.journal.formats import record_format
from schemas.enums import (
    Command, OrderStatus, OrderType, RejectReason, ReportType, Side, TradingState,
)
from tests.risk.neighbours import Obedient
from tests.risk.trading import Trading

MID = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def compiled():
    for handler in (*RiskManager.handlers(), *Obedient.handlers()):
        handler.compile()


class Tape:
    """Orders and reports, sent through the wires of strategy and gateway by their numbers."""

    def __init__(self, root: pathlib.Path, kills=(), **risk):
        self.trading = Trading(root, **risk)
        self.desk = self.trading.desk
        self.kills = kills

    @property
    def tables(self):
        return self.desk.hosts["risk"].tables

    def feed(self, messages) -> None:
        for n, (port, fields) in enumerate(messages):
            actor = "first" if port == "orders" else "gateway"
            self.desk.hosts[actor].actor.out.send(port, **fields)
            self.trading.turn("risk")
            self._drain()
            if n in self.kills:
                self.trading.kill("risk")
                self._drain()
                numbered = [f["report_seq"] for p, f in messages[:n + 1] if p == "reports"]
                last = self.tables["state"]["last_report_seq"][0]
                assert last == max(numbered, default=0), "it says what it lacks"

    def _drain(self) -> None:
        for name in ("gateway", "first", "second"):
            for end, _ in enumerate(self.desk.hosts[name].in_ends):
                while self.desk.take(name, end, force=1) is not None:
                    pass


class Model:
    """Positions by symbol, cash in all, and open shares by order: dicts and Python integers."""

    def __init__(self):
        self.held, self.cash, self.open = [0] * 4, 0, {}

    def order(self, fields):
        self.open.setdefault(fields["order_id"], fields["quantity"])

    def report(self, fields):
        if fields["report_type"] == ReportType.FILL:
            signed = fields["exec_qty"] * (1 if fields["side"] == Side.BUY else -1)
            self.held[fields["symbol_id"]] += signed
            self.cash -= signed * fields["exec_price_e4"]
        if fields["order_id"] in self.open:
            self.open[fields["order_id"]] = fields["leaves_qty"]
            if not fields["leaves_qty"]:
                del self.open[fields["order_id"]]


def tape_of(steps):
    """A tape that a desk could have made, and what the model makes of it."""
    messages, model, live, sequence = [], Model(), {}, 0
    for kind, pick, symbol_id, side, shares in steps:
        if kind == "order" or not live:
            order_id = len(messages) + 1
            fields = {"order_id": order_id, "symbol_id": symbol_id, "side": side,
                      "quantity": shares, "price_e4": MID, "command": Command.NEW,
                      "order_type": OrderType.LIMIT, "strategy_id": 2}
            live[order_id] = dict(fields, leaves=shares)
            messages.append(("orders", fields))
            model.order(fields)
            continue
        order = live[sorted(live)[pick % len(live)]]
        traded = 0 if kind == "cancel" else min(shares, order["leaves"])
        order["leaves"] = 0 if kind == "cancel" else order["leaves"] - traded
        status = (OrderStatus.CANCELED if kind == "cancel" else
                  OrderStatus.PARTIALLY_FILLED if order["leaves"] else OrderStatus.FILLED)
        sequence += 1
        fields = {"report_seq": sequence, "order_id": order["order_id"], "strategy_id": 2,
                  "symbol_id": order["symbol_id"], "side": order["side"], "exec_qty": traded,
                  "exec_price_e4": MID + 100 * (pick - 4), "leaves_qty": order["leaves"],
                  "order_status": status, "receive_ns": sequence,
                  "report_type": ReportType.CANCEL if kind == "cancel" else ReportType.FILL}
        if not order["leaves"]:
            del live[order["order_id"]]
        messages.append(("reports", fields))
        model.report(fields)
    return messages, model


SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow],
        "phases": (Phase.explicit, Phase.reuse, Phase.generate)}  # shrinking takes minutes
STEPS = st.lists(st.tuples(
    st.sampled_from(["order", "order", "fill", "fill", "cancel"]), st.integers(0, 9),
    st.integers(0, 3), st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 50)), max_size=50)


@settings(max_examples=12, **SLOW)
@given(STEPS, st.sets(st.integers(0, 49), max_size=6))
def test_killed_and_undisturbed_end_in_the_same_state(steps, kills):
    messages, model = tape_of(steps)
    ends = []
    for where in (set(), kills):
        with tempfile.TemporaryDirectory() as folder:
            tape = Tape(pathlib.Path(folder), where)
            try:
                tape.feed(messages)
                ends.append(tape.trading.state_hash("risk"))
                positions = tape.tables["positions"]
                assert positions["quantity"].tolist() == model.held
                assert int(sum(realized_e4(p) - p["cost_e4"] for p in positions)) == model.cash
                assert tape.trading.open_orders("risk") == model.open
                value = sum(held * MID for held in model.held)
                assert tape.tables["state"]["pnl_e4"][0] == model.cash + value
            finally:
                tape.trading.close()
    assert ends[0] == ends[1]


def test_a_trading_halt_outlives_the_risk_manager(tmp_path):
    tape = Tape(tmp_path, max_loss=1.0)
    try:
        messages, _ = tape_of([("order", 0, 0, Side.BUY, 50), ("fill", 9, 0, Side.BUY, 50)])
        messages[1][1]["exec_price_e4"] = MID + 10_000
        tape.feed(messages)
        assert tape.tables["state"]["trading_state"][0] == TradingState.HALTED
        tape.trading.kill("risk")
        tape.trading.quote(0, MID + 20_000)  # the loss is made up for, the halt stays
        assert tape.tables["state"]["trading_state"][0] == TradingState.HALTED
        tape.desk.hosts["first"].actor.out.send("orders", **dict(messages[0][1], order_id=99))
        tape.trading.turn("risk")
        answers = []
        while (answer := tape.desk.take("first", 1, force=1)) is not None:
            answers.append((int(answer["order_id"]), int(answer["reject_reason"])))
        assert (99, RejectReason.HALTED) in answers
    finally:
        tape.trading.close()


def test_the_journals_read_in_plain_words(tmp_path):
    trading = Trading(tmp_path)
    try:
        trading.signal("first", 1, Side.SELL, 20)
        for name in ("risk", "gateway", "risk", "first"):
            trading.turn(name)
        said = {}
        for actor, kind in (("risk", "risk"), ("first", "strategy")):
            folder = pathlib.Path(trading.desk.plan.run_dir) / "journal" / actor
            for record in list(read_records(read_journal(folder)))[1:]:
                form = record_format(kind, record.kind)
                said[actor, form.name] = form.fields(record.payload)
    finally:
        trading.close()
    order_id = 2 * 10**11 + 1
    assert said["first", "ORDER"] == {"order_id": order_id, "symbol_id": 1, "side": "SELL",
                                      "quantity": 20, "price_e4": MID}
    order = said["risk", "ORDER"]
    assert (order["order_id"], order["command"], order["side"]) == (order_id, "NEW", "SELL")
    for actor in ("risk", "first"):
        report = said[actor, "REPORT"]
        assert (report["report_seq"], report["report_type"], report["order_status"]) == (
            1, "ACK", "NEW")
