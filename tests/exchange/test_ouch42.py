"""Order entry in OUCH 4.2: every reply byte by byte, and the tokens."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.exchange.trading_states import halt_symbol
from actors.exchange.venue import Counter, Phase
from schemas.venue import ouch42, ouch50
from schemas.venue.soupbintcp import LoginAccepted
from schemas.venue.text import alpha_to_int
from tests.exchange.desk import MAKER, MAKER_42, NOON_NS, TAKER, TAKER_42, Desk
from tests.exchange.soup_client import SoupTestClient
from tests.exchange.venues import RunningExchange

IOC, MARKET_HOURS, SYSTEM_HOURS = 0, 99_998, 99_999


@pytest.fixture
def desk():
    return Desk(tokens=1_000)


def order(token: str, side: str, shares: int, price: int, **fields) -> dict:
    values = dict(order_token=token, buy_sell_indicator=side, shares=shares, stock="AAPL",
                  price=price, time_in_force=MARKET_HOURS, firm="", display="Y", capacity="P",
                  intermarket_sweep_eligibility="N", minimum_quantity=0, cross_type="N",
                  customer_type="")
    return {**values, **fields}


def enter(desk, account, *what, **fields) -> list[bytes]:
    return desk.ask(account, "O", **order(*what, **fields))


def replace(desk, account, existing, token, shares, price, **fields) -> list[bytes]:
    values = dict(existing_order_token=existing, replacement_order_token=token, shares=shares,
                  price=price, time_in_force=SYSTEM_HOURS, display="Y",
                  intermarket_sweep_eligibility="N", minimum_quantity=0)
    return desk.ask(account, "U", **{**values, **fields})


def out(kind: str, **fields) -> bytes:
    return ouch42.encode_out(kind, timestamp=NOON_NS, **fields)


def accepted(number, *what, **fields) -> bytes:
    values = order(*what, **fields)
    del values["customer_type"]
    return out("A", **values, order_reference_number=number, order_state="L",
               bbo_weight_indicator="")


def executed(token, shares, price, flag, match) -> bytes:
    return out("E", order_token=token, executed_shares=shares, execution_price=price,
               liquidity_flag=flag, match_number=match)


def canceled(token, shares, reason) -> bytes:
    return out("C", order_token=token, decrement_shares=shares, reason=reason)


def rejected(token, reason) -> bytes:
    return out("J", order_token=token, reason=reason)


def test_an_order_is_accepted_as_it_was_sent(desk):
    fields = dict(firm="ABCD", capacity="A", display="A", time_in_force=SYSTEM_HOURS)
    assert enter(desk, MAKER_42, "My order  1", "T", 300, 500_000, **fields) == [
        accepted(1, "My order  1", "T", 300, 500_000, **fields)]
    assert [m["order_reference_number"] for m in desk.public()] == [1]


def test_orders_of_both_protocols_meet_in_one_book(desk):
    enter(desk, MAKER_42, "S1", "S", 100, 500_000)
    replies = desk.enter(TAKER, 1, "B", 150, 500_000)
    assert [ouch50.decode_out(m)["type"] for m in replies] == ["A", "E"]
    assert desk.heard(MAKER_42) == [executed("S1", 100, 500_000, "A", 1)]
    assert enter(desk, MAKER_42, "S2", "S", 60, 400_000, time_in_force=IOC) == [
        accepted(3, "S2", "S", 60, 400_000, time_in_force=IOC),
        executed("S2", 50, 500_000, "R", 2), canceled("S2", 10, "I")]
    (fill,) = desk.heard(TAKER)
    assert ouch50.decode_out(fill)["quantity"] == 50


def test_a_hidden_order_is_executed_as_one(desk):
    enter(desk, MAKER_42, "H", "S", 100, 500_000, display="N")
    assert desk.public() == []
    enter(desk, TAKER_42, "T", "B", 40, 500_000, time_in_force=IOC)
    assert desk.heard(MAKER_42) == [executed("H", 40, 500_000, "J", 1)]


@pytest.mark.parametrize("display", ["P", "L"])
def test_a_post_only_order_that_would_trade_is_canceled(desk, display):
    desk.enter(MAKER, 1, "S", 100, 500_000)
    assert enter(desk, TAKER_42, "P", "B", 10, 500_000, display=display) == [
        accepted(2, "P", "B", 10, 500_000, display=display), canceled("P", 10, "G")]


def test_a_minimum_that_cannot_be_had_cancels_the_order(desk):
    desk.enter(MAKER, 1, "S", 30, 500_000)
    fields = dict(time_in_force=IOC, minimum_quantity=40)
    assert enter(desk, TAKER_42, "M", "B", 50, 500_000, **fields) == [
        accepted(2, "M", "B", 50, 500_000, **fields), canceled("M", 50, "I")]


def test_cancels_leave_what_they_say(desk):
    enter(desk, MAKER_42, "C", "B", 300, 500_000)
    assert desk.ask(MAKER_42, "X", order_token="C", shares=100) == [canceled("C", 200, "U")]
    assert desk.ask(MAKER_42, "X", order_token="C", shares=200) == []
    assert desk.ask(MAKER_42, "X", order_token="C", shares=0) == [canceled("C", 100, "U")]
    assert desk.ask(MAKER_42, "X", order_token="C", shares=0) == []
    assert [m["type"] for m in desk.public()] == ["A", "X", "D"]


def test_a_replacement_has_the_new_token_and_the_old_firm(desk):
    enter(desk, MAKER_42, "OLD", "S", 300, 500_000, firm="FIRM")
    desk.enter(TAKER, 1, "B", 100, 500_000)
    desk.heard(MAKER_42)
    assert replace(desk, MAKER_42, "OLD", "NEW", 250, 600_000, display="A") == [
        out("U", replacement_order_token="NEW", buy_sell_indicator="S", shares=150, stock="AAPL",
            price=600_000, time_in_force=SYSTEM_HOURS, firm="FIRM", display="A",
            order_reference_number=3, capacity="P", intermarket_sweep_eligibility="N",
            minimum_quantity=0, cross_type="N", order_state="L", previous_order_token="OLD",
            bbo_weight_indicator="")]
    assert desk.ask(MAKER_42, "X", order_token="OLD", shares=0) == []
    assert desk.ask(MAKER_42, "X", order_token="NEW", shares=0) == [canceled("NEW", 150, "U")]


def test_a_replacement_with_impossible_details_takes_the_order_off_and_uses_no_token(desk):
    enter(desk, MAKER_42, "OLD", "B", 300, 500_000)
    assert replace(desk, MAKER_42, "OLD", "NEW", 300, 0) == [canceled("OLD", 300, "Z")]
    assert desk.ask(MAKER_42, "X", order_token="OLD", shares=0) == []
    assert enter(desk, MAKER_42, "NEW", "B", 1, 500_000) == [
        accepted(2, "NEW", "B", 1, 500_000)]


def test_a_modification_is_confirmed(desk):
    enter(desk, MAKER_42, "S", "S", 300, 500_000)
    assert desk.ask(MAKER_42, "M", order_token="S", buy_sell_indicator="T", shares=200) == [
        out("M", order_token="S", buy_sell_indicator="T", shares=200)]
    assert desk.ask(MAKER_42, "M", order_token="S", buy_sell_indicator="B", shares=200) == []


def test_two_orders_of_one_account_that_would_meet_are_canceled(desk):
    enter(desk, TAKER_42, "B", "B", 100, 500_000)
    first, second, third = enter(desk, TAKER_42, "S", "S", 60, 500_000)
    assert first == accepted(2, "S", "S", 60, 500_000)
    prevented = dict(quantity_prevented_from_trading=60, execution_price=500_000, reason="Q")
    assert {second, third} == {
        out("D", order_token="B", decrement_shares=100, liquidity_flag="A", **prevented),
        out("D", order_token="S", decrement_shares=60, liquidity_flag="R", **prevented)}


@pytest.mark.parametrize("fields, reason", [
    (dict(stock="NOSUCH"), "S"), (dict(display="M"), "D"), (dict(display="I"), "D"),
    (dict(cross_type="O"), "R"), (dict(price=500_001), "X"), (dict(price=0x7FFFFFFF), "X"),
    (dict(price=0), "X"), (dict(shares=0), "Z"), (dict(shares=1_000_000), "Z"),
    (dict(minimum_quantity=10), "N"), (dict(time_in_force=86_401), "O"),
    (dict(buy_sell_indicator="X"), "O"), (dict(display="P", time_in_force=IOC), "O"),
])
def test_what_the_venue_does_not_take_is_rejected_and_its_token_used(desk, fields, reason):
    values = {**order("T", "B", 100, 500_000), **fields}
    assert desk.ask(MAKER_42, "O", **values) == [rejected("T", reason)]
    assert enter(desk, MAKER_42, "T", "B", 100, 500_000) == []
    assert desk.public() == []


def test_a_halt_and_the_end_of_the_day_are_told(desk):
    halt_symbol(desk.venue.address, 0, alpha_to_int("T1", 4), NOON_NS)
    assert enter(desk, MAKER_42, "H", "B", 100, 500_000) == [rejected("H", "H")]
    desk.venue.record[0]["phase"] = Phase.CLOSED
    assert enter(desk, MAKER_42, "C", "B", 100, 500_000) == [rejected("C", "C")]


def test_trade_now_is_met_with_silence(desk):
    enter(desk, MAKER_42, "N", "B", 100, 500_000)
    assert desk.ask(MAKER_42, "N", order_token="N") == []
    assert desk.counter(Counter.IGNORED) == 1


# --- tokens -----------------------------------------------------------------------------------


def test_a_token_is_used_once_and_letters_count(desk):
    assert enter(desk, MAKER_42, "a", "B", 100, 500_000) == [accepted(1, "a", "B", 100, 500_000)]
    assert enter(desk, MAKER_42, "a", "B", 999, 400_000) == []
    assert replace(desk, MAKER_42, "a", "a", 50, 500_000) == []
    assert replace(desk, MAKER_42, "none", "b", 50, 500_000) == []
    assert desk.counter(Counter.IGNORED) == 3
    assert enter(desk, MAKER_42, "A", "B", 100, 500_000) == [accepted(2, "A", "B", 100, 500_000)]
    assert enter(desk, TAKER_42, "a", "B", 100, 500_000) == [accepted(3, "a", "B", 100, 500_000)]


def test_when_all_tokens_are_used_there_are_no_more_orders():
    desk = Desk(tokens=16)
    for n in range(16):
        enter(desk, MAKER_42, f"{n}", "B", 1, 500_000)
    assert enter(desk, MAKER_42, "ONE MORE", "B", 1, 500_000) == [rejected("ONE MORE", "O")]
    assert replace(desk, MAKER_42, "3", "ONE MORE", 1, 600_000) == [rejected("ONE MORE", "O")]
    assert desk.counter(Counter.TOKENS_FULL) == 2
    assert desk.ask(MAKER_42, "X", order_token="3", shares=0) == [canceled("3", 1, "U")]
    assert enter(desk, TAKER_42, "ONE MORE", "B", 1, 500_000)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_any_tokens_name_their_orders(seed):
    """Against a dictionary: tokens of any bytes, many alike, used, reused, replaced, canceled."""
    desk, choose = Desk(tokens=1_000), random.Random(seed)
    pool = ["".join(choose.choice("ab \x00\xff") for _ in range(14)) for _ in range(60)]
    used, open_orders = set(), {}
    for _ in range(150):
        token, action = choose.choice(pool).rstrip(" "), choose.random()
        raw = token.encode("latin-1").ljust(14)
        if action < 0.5:
            request = bytearray(ouch42.encode_in("O", **order("", "B", 7, 500_000)))
            request[1:15] = raw
            replies = desk.send(MAKER_42, bytes(request))
            assert [m[:1] for m in replies] == ([] if token in used else [b"A"])
            if token not in used:
                used.add(token)
                open_orders[token] = int.from_bytes(replies[0][49:57], "big")
                assert replies[0][9:23] == raw
        elif action < 0.75:
            replies = desk.send(MAKER_42, b"X" + raw + bytes(4))
            assert [m[9:23] for m in replies] == ([raw] if token in open_orders else [])
            open_orders.pop(token, None)
        else:
            new = choose.choice(pool).rstrip(" ")
            request = bytearray(ouch42.encode_in(
                "U", existing_order_token="", replacement_order_token="", shares=9, price=600_000,
                time_in_force=MARKET_HOURS, display="Y", intermarket_sweep_eligibility="N",
                minimum_quantity=0))
            request[1:15], request[15:29] = raw, new.encode("latin-1").ljust(14)
            replies = desk.send(MAKER_42, bytes(request))
            replaces = token in open_orders and new not in used
            assert [m[:1] for m in replies] == ([b"U"] if replaces else [])
            if replaces:
                assert replies[0][65:79] == raw
                del open_orders[token]
                used.add(new)
                open_orders[new] = int.from_bytes(replies[0][49:57], "big")
    public = [m for m in desk.public() if m["type"] in "AU"]
    assert len(public) == len(used)


# --- over a socket ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    with RunningExchange(tmp_path_factory.mktemp("ouch42"), order_entry_ouch42="127.0.0.1:0",
                         accounts=[{"username": "DESK01", "cancel_on_disconnect": True}]
                         ) as exchange:
        yield exchange


class Client42(SoupTestClient):
    def start(self, sequence: int = 0):
        assert isinstance(self.login(sequence=sequence), LoginAccepted)
        return self

    def ask(self, kind: str, **fields) -> None:
        self.send(ouch42.encode_in(kind, **fields))

    def reply(self) -> dict:
        return ouch42.decode_out(self.message())


def client_of(exchange) -> Client42:
    exchange.clients.append(Client42(exchange.order_entry_ouch42))
    return exchange.clients[-1]


def test_each_port_has_its_protocol_and_its_stream(venue):
    """One account on both ports: what it asks for on one is not told on the other."""
    old, new, viewer = client_of(venue).start(1), venue.order_client().start(), venue.viewer()
    assert old.reply()["event_code"] == "S"
    old.ask("O", **order("TOKEN", "B", 100, 10_000))
    assert (answer := old.reply())["type"] == "A" and answer["order_token"] == "TOKEN"
    new.enter("B", 50, "MSFT", 10_000)
    assert new.expect("A")["quantity"] == 50
    assert [m["type"] for m in viewer.updates(2)] == ["A", "A"]
    again = client_of(venue).start(1)
    assert [again.reply()["type"] for _ in range(2)] == ["S", "A"]
    again.logout()
    old.logout()
    assert viewer.update()["order_reference_number"] == answer["order_reference_number"]
    back = client_of(venue).start(3)
    assert (gone := back.reply())["reason"] == "Z" and gone["decrement_shares"] == 100
    assert new.sync() == []


def test_what_is_no_request_is_refused_or_ends_the_session(venue):
    client = client_of(venue).start()
    client.send(b"O" + b"BROKEN".ljust(14) + b"too short")
    refused = client.reply()
    assert (refused["type"], refused["order_token"], refused["reason"]) == ("J", "BROKEN", "O")
    venue.expect_log("OUCH 4.2", "rejected a message that is no OUCH 4.2 request")
    client.send(b"?")
    client.wait_closed()
    venue.expect_log("OUCH 4.2", "dropped", "no OUCH 4.2 request")
