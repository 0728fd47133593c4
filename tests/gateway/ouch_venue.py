"""A fake venue that speaks OUCH 5.0: it notes requests, and answers what a test lets it answer."""

from __future__ import annotations

import itertools

from schemas.venue import ouch50
from tests.feed.fake_venue import FakeVenue

__all__ = ["OuchVenue"]


class OuchVenue(FakeVenue):
    """Answers account queries always, new orders and replacements with Accepted and Replaced while
    ``accepts``, cancels with Canceled while ``cancels``; the test does the rest."""

    def __init__(self, **options):
        super().__init__(**options)
        self.accepts = self.cancels = True
        self.answers_queries = True
        self.deaf = False  # requests are lost on the way
        self.unheard = 0
        self.requests: list[dict] = []
        self.orders: dict[int, dict] = {}
        self.last_ref = 0
        self.on_request = self._take
        self._clock = itertools.count(34_200_000_000_000, 1000)
        self._numbers = itertools.count(1)
        self._matches = itertools.count(9001)

    def _take(self, payload: bytes) -> None:
        if self.deaf:
            self.unheard += 1
            return
        request = ouch50.decode_in(payload)
        self.requests.append(request)
        with self.lock:
            self._answer(request)

    def _answer(self, request: dict) -> None:
        kind = request["type"]
        if kind == "Q" and self.answers_queries:
            self.say("Q", next_user_ref_num=self.last_ref + 1)
        elif kind == "O" and request["user_ref_num"] > self.last_ref:
            self.last_ref = request["user_ref_num"]
            if self.accepts:
                self.accept(request)
        elif kind == "U" and request["user_ref_num"] > self.last_ref and self.accepts:
            self._answer_replace(request)
        elif kind == "X" and self.cancels and request["user_ref_num"] in self.orders:
            self.reduce_to(request["user_ref_num"], request["quantity"])

    def _answer_replace(self, request: dict) -> None:
        """A dead order: silence. A quantity already executed: the original is cancelled."""
        original = request["orig_user_ref_num"]
        if original not in self.orders:
            return
        old = self.orders[original]
        if request["quantity"] <= old["total"] - old["left"]:
            self.reduce_to(original, 0)
            return
        self.last_ref = request["user_ref_num"]
        self.replace(request)

    def of_type(self, kind: str) -> list[dict]:
        """The requests of one type so far."""
        return [r for r in self.requests if r["type"] == kind]

    def say(self, kind: str, **fields) -> None:
        """Publishes a response; the time is filled in."""
        self.publish(ouch50.encode_out(type=kind, timestamp=next(self._clock), **fields))

    def accept(self, request: dict, state: str = "L") -> None:
        """Accepts an Enter Order."""
        ref = request["user_ref_num"]
        if state == "L":
            self.orders[ref] = dict(request, left=request["quantity"], total=request["quantity"])
        echoed = {k: request[k] for k in ("user_ref_num", "side", "quantity", "symbol", "price",
                                          "time_in_force", "display", "capacity",
                                          "intermarket_sweep_eligibility", "cross_type",
                                          "cl_ord_id")}
        self.say("A", **echoed, order_reference_number=next(self._numbers), order_state=state)

    def replace(self, request: dict, state: str = "L") -> None:
        """Accepts a Replace Order."""
        old = self.orders.pop(request["orig_user_ref_num"])
        executed = old["total"] - old["left"]
        left = request["quantity"] - executed
        self.orders[request["user_ref_num"]] = dict(old, left=left, total=request["quantity"],
                                                    cl_ord_id=request["cl_ord_id"])
        self.say("U", orig_user_ref_num=request["orig_user_ref_num"],
                 user_ref_num=request["user_ref_num"], side=old["side"], quantity=left,
                 symbol=old["symbol"], price=request["price"],
                 time_in_force=request["time_in_force"], display=request["display"],
                 order_reference_number=next(self._numbers), capacity=old["capacity"],
                 intermarket_sweep_eligibility="N", cross_type="N", order_state=state,
                 cl_ord_id=request["cl_ord_id"])

    def execute(self, ref: int, quantity: int, price: int) -> None:
        """Executes part of a live order."""
        order = self.orders[ref]
        order["left"] -= quantity
        if order["left"] == 0:
            del self.orders[ref]
        self.say("E", user_ref_num=ref, quantity=quantity, price=price, liquidity_flag="R",
                 match_number=next(self._matches))

    def reduce_to(self, ref: int, total: int, reason: str = "U") -> None:
        """Takes shares off a live order until it is worth ``total`` in all; 0 takes it away."""
        order = self.orders[ref]
        executed = order["total"] - order["left"]
        left = max(total - executed, 0) if total else 0
        removed = order["left"] - left
        if removed <= 0:
            return
        order["left"], order["total"] = left, executed + left
        if left == 0:
            del self.orders[ref]
        self.say("C", user_ref_num=ref, quantity=removed, reason=reason)

    def reject(self, request: dict, reason: int) -> None:
        """Rejects a new order or a replacement."""
        self.say("J", user_ref_num=request["user_ref_num"], reason=reason,
                 cl_ord_id=request["cl_ord_id"])

    def restart(self, session: str) -> None:
        super().restart(session)
        self.orders.clear()
        self.last_ref = 0
