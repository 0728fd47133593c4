"""A long random day through order entry: what OUCH and ITCH say is what the engine's book holds."""

import random

import pytest

from actors.book.integrity import check_integrity
from actors.exchange.engine_state import USER_REF_BITS, Attribute
from schemas.venue import ouch50
from tests.exchange.desk import MAKER, SYMBOLS, TAKER, Desk
from tests.exchange.itch_book import ItchBook

Tag = ouch50.OptionTag
REQUESTS = 3_000


class Account:
    """What a client knows of its orders from OUCH alone: UserRefNum to shares left."""

    def __init__(self):
        self.left: dict[int, int] = {}
        self.next_ref = 1

    def hear(self, message: dict) -> None:
        kind, ref = message["type"], message.get("user_ref_num")
        if kind == "A":
            self.left[ref] = message["quantity"]
        elif kind == "U":
            del self.left[message["orig_user_ref_num"]]
            self.left[ref] = message["quantity"]
        elif kind in ("E", "C"):
            self.take(ref, message["quantity"])
        elif kind == "D":
            self.take(ref, message["decrement_shares"])
        elif kind == "M":
            assert 0 < message["quantity"] <= self.left[ref]
            self.left[ref] = message["quantity"]
        elif kind == "R":
            assert 0 < dict(message["appendage"])[Tag.DISPLAY_QUANTITY] <= self.left[ref]
        else:
            assert kind == "J", message

    def take(self, ref: int, shares: int) -> None:
        self.left[ref] -= shares
        assert self.left[ref] >= 0
        if self.left[ref] == 0:
            del self.left[ref]

    def some_ref(self, rng) -> int:
        return rng.choice(list(self.left)) if self.left else 1


def terms(rng) -> dict:
    """Display, time in force, options: mostly plain, sometimes wrong."""
    what = rng.random()
    if what < 0.15:
        return dict(display="N", appendage=rng.choice([[], [(Tag.MIN_QTY, rng.randrange(300))]]))
    if what < 0.35:
        return dict(appendage=[(Tag.MAX_FLOOR, rng.choice([100, 100, 200, 50]))])
    if what < 0.45:
        return dict(appendage=[(Tag.POST_ONLY, "P")])
    if what < 0.6:
        return dict(time_in_force="3", appendage=rng.choice([[], [(Tag.MIN_QTY, 200)]]))
    return {}


def request(rng, desk, account, known) -> list[bytes]:
    side, what = rng.choice("BBSTE"), rng.random()
    price = 1_000_000 + 100 * (rng.randrange(-12, 4) * (1 if side == "B" else -1))
    quantity = rng.randrange(1, 900)
    ref = known.some_ref(rng)
    if what < 0.6:
        known.next_ref += 1
        return desk.enter(account, known.next_ref - 1, side, quantity, price,
                          symbol=rng.choice(SYMBOLS), **terms(rng))
    if what < 0.75:
        return desk.ask(account, "X", user_ref_num=ref,
                        quantity=rng.choice([0, rng.randrange(900)]))
    if what < 0.85:
        return desk.ask(account, "M", user_ref_num=ref, side=rng.choice("BSTE"),
                        quantity=rng.randrange(900))
    if what < 0.995:
        known.next_ref += 1
        values = dict(time_in_force="0", display="Y", appendage=[]) | terms(rng)
        return desk.ask(account, "U", orig_user_ref_num=ref, user_ref_num=known.next_ref - 1,
                        quantity=quantity, price=price, intermarket_sweep_eligibility="N",
                        cl_ord_id="", **values)
    known.next_ref += 1
    return [answer for answer in desk.ask(
        account, "C", user_ref_num=known.next_ref - 1, firm="", symbol="AAPL", appendage=[])
        if answer[:1] != b"X"]


@pytest.mark.parametrize("seed", [1, 2])
def test_everybody_is_told_the_truth(seed):
    rng, desk, public = random.Random(seed), Desk(collar=0.2, prices={"AAPL": 100.0}), ItchBook()
    accounts = {MAKER: Account(), TAKER: Account()}
    for message in desk.opening:
        public.apply(message)
    kinds = set()
    for _ in range(REQUESTS):
        account = rng.choice([MAKER, TAKER])
        replies = {account: request(rng, desk, account, accounts[account])}
        replies[1 - account] = desk.heard(1 - account)
        for who, told in replies.items():
            for reply in map(ouch50.decode_out, told):
                accounts[who].hear(reply)
                kinds.add(reply["type"])
        for message in desk.public():
            public.apply(message)
            kinds.add("itch " + message["type"])
    engine = desk.venue.engine
    assert check_integrity(engine.book) == []
    resting = engine.book.orders[engine.book.entries["slot"][engine.book.entries["slot"] >= 0]]
    shown = {int(order["number"]): int(order["quantity"]) for order in resting
             if not order["attributes"] & Attribute.HIDDEN}
    assert {number: order.shares for number, order in public.orders.items()} == shown
    assert public.matches == list(range(1, int(engine.state["next_match"][0])))
    for who, known in accounts.items():
        assert known.left == in_book(engine, who + 1)
    assert kinds >= {*"AUECDMRJ"} | {f"itch {kind}" for kind in "AEXDUP"}


def in_book(engine, owner: int) -> dict[int, int]:
    """What the engine has left of an owner's orders, reserves included, by reference."""
    left = {}
    for slot in engine.book.entries["slot"][engine.book.entries["slot"] >= 0]:
        order, beside = engine.book.orders[slot], engine.terms[slot]
        if order["key"] >> USER_REF_BITS == owner:
            reserve = int(beside["reserve"]) if order["attributes"] & Attribute.RESERVE else 0
            reference = int(order["key"]) & (1 << USER_REF_BITS) - 1
            left[reference] = int(order["quantity"]) + reserve
    return left
