"""The operator of a running exchange: what `pitwire venue` asks for is done, and replayed after a
kill; what cannot be done is refused with the reason."""

import json
import pathlib
import threading
import time

import pytest
from click.testing import CliRunner

from launcher.cli import cli
from launcher.cli.errors import Failure
from launcher.operate.deployment import Deployment
from launcher.operate.venue import ask_venue
from schemas.venue import soupbintcp
from tests.exchange.mold_receiver import MoldReceiver, ask
from tests.exchange.test_recovery import KillableExchange
from tests.exchange.venues import PASSWORDS, SYMBOLS, RunningExchange

PRICE = 1_000_000
ACCOUNTS = [{"username": name, "password": word, "cancel_on_disconnect": name == "DESK03"}
            for name, word in PASSWORDS.items()]


class OperatedExchange(KillableExchange):
    def __init__(self, root, **config):
        self.lines = [MoldReceiver(), MoldReceiver()]
        mold = {"lines": [{"to": f"127.0.0.1:{line.port}"} for line in self.lines],
                "retransmission": "127.0.0.1:0", "heartbeat_ms": 50}
        super().__init__(root, moldudp64=mold, glimpse="127.0.0.1:0", accounts=ACCOUNTS, **config)

    def wish(self, verb: str, **said) -> dict:
        deployment = Deployment("test", root_of(self))
        return ask_venue(deployment, "exchange", {"verb": verb, **said})

    def refused(self, verb: str, **said) -> str:
        with pytest.raises(Failure) as refusal:
            self.wish(verb, **said)
        return refusal.value.message

    def __exit__(self, *exc) -> None:
        for line in self.lines:
            line.close()
        super().__exit__(*exc)


def root_of(exchange: RunningExchange) -> pathlib.Path:
    return pathlib.Path(exchange.plan.run_dir)


@pytest.fixture(scope="module")
def operated(tmp_path_factory):
    with OperatedExchange(tmp_path_factory.mktemp("operated")) as exchange:
        yield exchange


@pytest.fixture
def exchange(operated):
    yield operated
    for direction in ("orders", "replies", "market_data"):
        operated.wish("delay", direction=direction, words=["none"])
    for what in ("orders", "market_data"):
        operated.wish("drop", what=what)
    operated.clear_books()
    for client in operated.clients:
        client.close()
    operated.clients.clear()


def test_a_halted_symbol_takes_no_orders_until_it_is_resumed(exchange):
    trader, viewer = exchange.trader(), exchange.viewer()
    assert exchange.wish("halt", symbol="aapl", reason="T1")["done"] == "AAPL is halted"
    assert (viewer.update()["trading_state"], exchange.refused("halt", symbol="AAPL")) == (
        "H", "exchange: AAPL is halted already")
    trader.enter("B", 100, "AAPL", PRICE)
    assert trader.expect("J")["reason"] == 7
    status = exchange.wish("status")
    assert status["not_trading"] == {"AAPL": {"state": "HALTED", "cancels": "TAKEN"}}
    exchange.wish("resume", symbol="AAPL")
    trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")


def test_a_trade_is_broken_for_both_sides(exchange):
    maker, taker = exchange.trader(), exchange.trader("DESK02")
    ref = maker.enter("B", 100, "AAPL", PRICE)
    maker.expect("A")
    taker.enter("S", 100, "AAPL", PRICE)
    match = maker.expect("E")["match_number"]
    answer = exchange.wish("bust", match=match, reason="E")
    assert answer["accounts"] == ["DESK01", "DESK02"] and "DESK01 and DESK02" in answer["done"]
    assert maker.expect("B")["user_ref_num"] == ref
    assert taker.expect("A", "E", "B")["match_number"] == match
    assert exchange.refused("bust", match=match) == f"exchange: trade {match} is broken already"
    assert "there is no trade 999999 today" in exchange.refused("bust", match=999_999)


def test_pending_cancels_are_done_when_the_symbol_thaws(exchange):
    trader = exchange.trader()
    ref = trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")
    exchange.wish("freeze", symbol="AAPL")
    trader.cancel(ref)
    assert trader.expect("P")["user_ref_num"] == ref
    exchange.wish("thaw", symbol="AAPL")
    assert trader.expect("C")["user_ref_num"] == ref


def test_an_order_expires_by_itself(exchange):
    trader = exchange.trader()
    trader.enter("B", 100, "AAPL", PRICE, time_in_force="6", appendage=[(15, 1)])
    trader.expect("A")
    assert trader.expect("C")["reason"] == "T"


def test_a_disconnected_client_comes_back_where_it_was(exchange):
    trader, viewer, other = exchange.trader(), exchange.viewer(), exchange.trader("DESK02")
    trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")
    assert exchange.wish("disconnect", account="desk01", ports=["order_entry"])["count"] == 1
    trader.wait_closed()
    exchange.expect_log("order entry: DESK01", "disconnected by the operator")
    viewer.update()
    again = exchange.return_of(trader)
    again.sync()
    other.sync()  # nobody else was
    assert "no account 'NOBODY'" in exchange.refused("disconnect", account="nobody")


def test_requests_that_are_dropped_are_never_answered(exchange):
    trader = exchange.trader()
    exchange.wish("drop", what="orders", count=2)
    for _ in range(3):
        trader.enter("B", 100, "AAPL", PRICE)
    assert trader.expect("A")["user_ref_num"] == trader.next_ref - 1
    assert exchange.counter("requests_dropped") >= 2
    assert exchange.wish("status")["drops"]["orders"]["next"] == 0


def test_datagrams_that_are_dropped_on_a_line_come_on_the_other_and_by_request(exchange):
    trader, (first, second) = exchange.trader(), exchange.lines
    exchange.wish("drop", what="market_data", count=1, line=1)
    trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")
    trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")
    newest = last_sequence(exchange)
    second.until(lambda: newest in second.messages)
    first.until(lambda: newest in first.messages)
    assert newest - 1 in second.messages and newest - 1 not in first.messages
    answer = ask(exchange.retransmission, first.session, newest - 1, 1)
    assert list(answer.messages) == [second.messages[newest - 1]]


def last_sequence(exchange) -> int:
    return exchange.market_client().login("DESK01", PASSWORDS["DESK01"],
                                          sequence=0).sequence_number - 1


def test_replies_are_as_late_as_the_operator_wants_and_in_order(exchange):
    trader = exchange.trader()
    exchange.wish("delay", direction="replies", words=["constant", "300ms"])
    began = time.monotonic()
    refs = [trader.enter("B", 100, "AAPL", PRICE) for _ in range(20)]
    assert [trader.expect("A")["user_ref_num"] for _ in refs] == refs
    assert time.monotonic() - began > 0.3
    assert exchange.wish("status")["latency"]["replies"] == "constant 300ms"


def test_orders_are_late_and_none_overtakes(exchange):
    trader, viewer = exchange.trader(), exchange.viewer()
    exchange.wish("delay", direction="orders", words=["uniform", "1ms", "60ms"])
    refs = [trader.enter("B", 100, "AAPL", PRICE + 100 * n) for n in range(300)]
    assert [trader.expect("A")["user_ref_num"] for _ in refs] == refs
    assert [m["price"] for m in viewer.updates(300)] == [PRICE + 100 * n for n in range(300)]
    exchange.wish("delay", direction="orders", words=["constant", "250ms"])
    began = time.monotonic()
    trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")
    assert time.monotonic() - began > 0.25


def test_the_market_data_is_late_on_all_ways(exchange):
    trader, viewer, line = exchange.trader(), exchange.viewer(), exchange.lines[0]
    exchange.wish("delay", direction="market_data", words=["constant", "250ms"])
    began = time.monotonic()
    trader.enter("B", 100, "AAPL", PRICE)
    trader.expect("A")
    newest = last_sequence(exchange)
    viewer.update()
    assert time.monotonic() - began > 0.25
    line.until(lambda: newest in line.messages)


def test_a_wish_that_makes_no_sense_is_refused_with_the_reason(exchange):
    assert "no symbol 'TSLA' here; there are AAPL" in exchange.refused("halt", symbol="TSLA")
    assert "is not halted" in exchange.refused("resume", symbol="AAPL")
    assert "are not frozen" in exchange.refused("thaw", symbol="AAPL")
    assert "needs a unit" in exchange.refused("delay", direction="orders", words=["constant", "5"])
    assert "no direction 'sideways'" in exchange.refused("delay", direction="sideways", words=[])
    assert "no line 3" in exchange.refused("drop", what="market_data", count=1, line=3)
    assert "knows no 'dance'" in exchange.refused("dance")
    assert "no reason of a trading action" in exchange.refused("halt", symbol="AAPL",
                                                               reason="TOO LONG")


def test_two_who_ask_at_once_both_get_their_own_answer(exchange):
    answers = {}

    def halt_and_resume(symbol: str) -> None:
        for _ in range(5):
            answers.setdefault(symbol, []).append(exchange.wish("halt", symbol=symbol)["symbol"])
            exchange.wish("resume", symbol=symbol)

    threads = [threading.Thread(target=halt_and_resume, args=(symbol,)) for symbol in SYMBOLS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {symbol: [symbol] * 5 for symbol in SYMBOLS}


@pytest.fixture
def pitwire(exchange, monkeypatch):
    monkeypatch.setattr(Deployment, "running",
                        classmethod(lambda cls, topology: cls("test", root_of(exchange))))

    def run(*words: str):
        return CliRunner().invoke(cli, ["venue", *words])
    return run


def test_the_verb_says_what_it_did(pitwire):
    assert pitwire("halt", "AAPL").output == "AAPL is halted\n"
    assert json.loads(pitwire("resume", "AAPL", "--json").output)["symbol"] == "AAPL"
    assert pitwire("delay", "orders", "constant", "5ms").output == \
        "orders take constant 5ms from now on\n"
    assert pitwire("delay", "orders", "none").output == "orders take none from now on\n"
    assert "dropping 0.025 of them" in pitwire("drop", "orders", "2.5%").output
    assert pitwire("drop", "orders", "none").output == "orders: dropping none\n"
    assert "late: orders none" in pitwire("status").output
    assert json.loads(pitwire("status", "--json").output)["phase"] == "OPEN"


def test_the_verb_fails_with_the_reason_and_its_code(pitwire):
    refused = pitwire("halt", "TSLA")
    assert refused.exit_code == 1 and "no symbol 'TSLA' here" in refused.output
    assert pitwire("drop", "orders", "some").exit_code == 2
    assert pitwire("halt", "AAPL", "--exchange", "exchnge").exit_code == 7


def test_a_client_of_soupbintcp_41_says_itself_how_long_it_may_be_silent(exchange):
    client = exchange.order_client()
    request = soupbintcp.LoginRequest("DESK01", PASSWORDS["DESK01"], "", 0,
                                      heartbeat_timeout_ms=2_000)
    client.socket.sendall(request.encode())
    client.read_login_answer()
    began = time.monotonic()
    exchange.expect_log("order entry: DESK01", "dropped: silent for 2 s")
    assert time.monotonic() - began < 14  # without it, it would be 15 seconds


# ---- over a kill ---------------------------------------------------------------------------------


def test_what_the_operator_did_is_replayed_and_lines_go_on(tmp_path):
    """Halts, broken trades and expiries are in the journal; a MoldUDP64 receiver gets what it
    missed by request, and the stream goes on with the next number."""
    with OperatedExchange(tmp_path, recovery_grace_ms=300) as exchange:
        maker, taker = exchange.trader(), exchange.trader("DESK02")
        lonely = exchange.trader("DESK03")
        lonely.enter("B", 10, "GOOG", PRICE)
        lonely.expect("A")
        maker.enter("B", 100, "AAPL", PRICE)
        maker.expect("A")
        taker.enter("S", 100, "AAPL", PRICE)
        exchange.wish("bust", match=maker.expect("E")["match_number"])
        exchange.wish("halt", symbol="MSFT")
        line = exchange.lines[0]
        known = last_sequence(exchange)
        line.until(lambda: known in line.messages)
        session, before = line.session, dict(line.messages)
        exchange.kill_and_restart()
        assert exchange.wish("status")["not_trading"]["MSFT"]["state"] == "HALTED"
        assert "is broken already" in exchange.refused("bust", match=1)
        answer = ask(exchange.retransmission, session, 1, known)
        assert list(answer.messages) == [before[n + 1] for n in range(len(answer.messages))]
        # Nobody has come back for DESK03, who wants its orders canceled then.
        line.until(lambda: known + 1 in line.messages)
        assert line.session == session
        assert line.decoded()[-1]["type"] == "D"
        back = exchange.order_client()
        back.login("DESK03", "", lonely.session, lonely.next_sequence)
        assert back.expect("C")["reason"] == "Z"
        maker = exchange.return_of(maker)
        assert maker.expect("B")["match_number"] == 1


def test_a_client_that_is_back_within_the_grace_keeps_its_orders(tmp_path):
    with OperatedExchange(tmp_path, recovery_grace_ms=2_000) as exchange:
        trader = exchange.trader("DESK03")
        ref = trader.enter("B", 10, "GOOG", PRICE)
        trader.expect("A")
        exchange.kill_and_restart()
        back = exchange.order_client()
        back.login("DESK03", "", trader.session, trader.next_sequence)
        time.sleep(2.5)
        back.cancel(ref)
        assert back.expect("C")["reason"] == "U"


def test_after_the_close_lost_messages_can_still_be_asked_for(tmp_path):
    with OperatedExchange(tmp_path) as exchange:
        trader, line = exchange.trader(), exchange.lines[0]
        trader.enter("B", 100, "AAPL", PRICE)
        trader.expect("A")
        exchange.wish("close")
        assert trader.expect("C")["reason"] == "E"
        trader.wait_closed()
        line.until(lambda: line.ended)
        answer = ask(exchange.retransmission, line.session, 1, 5)
        assert [line.messages[n] for n in range(1, 6)] == list(answer.messages)
        assert "the day is over" in exchange.refused("halt", symbol="AAPL")
        assert exchange.wish("status")["phase"] == "CLOSED"
