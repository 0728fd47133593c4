"""What the venue's messages to an account add up to, against a slow, obvious model."""

from collections import defaultdict
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from launcher.audit.account import ORDER_ID_SPAN, Holding, fold_messages, held
from schemas.enums import Side

FIRST = ORDER_ID_SPAN + 1


def accepted(ref, quantity=100, side="B", symbol="AAPL", price=1_000_000, order_id=None,
             state="L"):
    return {"type": "A", "user_ref_num": ref, "cl_ord_id": str(order_id or ORDER_ID_SPAN + ref),
            "side": side, "symbol": symbol, "price": price, "quantity": quantity,
            "order_state": state}


def replaced(original, ref, quantity, price=1_000_000, side="B", symbol="AAPL"):
    return {**accepted(ref, quantity, side, symbol, price), "type": "U",
            "orig_user_ref_num": original}


def executed(ref, quantity, price=1_000_000, match=None, time_ns=0):
    return {"type": "E", "user_ref_num": ref, "quantity": quantity, "price": price,
            "match_number": match if match is not None else executed.next(), "timestamp": time_ns}


def _counter(at=[0]):  # noqa: B006: the state is the point
    at[0] += 1
    return at[0]


executed.next = _counter


def canceled(ref, quantity):
    return {"type": "C", "user_ref_num": ref, "quantity": quantity}


def rejected(ref, order_id=None):
    return {"type": "J", "user_ref_num": ref, "cl_ord_id": str(order_id or ORDER_ID_SPAN + ref)}


def test_an_order_that_fills_in_two_parts_is_filled_and_its_shares_are_held():
    account = fold_messages([accepted(1), executed(1, 40), executed(1, 60, 1_010_000)])
    assert account.orders[1].state == "filled" and account.orders[1].executed == 100
    holding = held(account.fills)["AAPL"]
    assert (holding.quantity, holding.bought, holding.fills) == (100, 100, 2)
    assert holding.cash_e4 == -40 * 1_000_000 - 60 * 1_010_000


def test_an_order_canceled_after_a_part_has_filled_keeps_what_it_executed():
    account = fold_messages([accepted(1), executed(1, 30), canceled(1, 70)])
    assert (account.orders[1].state, account.orders[1].executed) == ("canceled", 30)


def test_an_order_that_is_reduced_works_on():
    account = fold_messages([accepted(1), canceled(1, 30)])
    assert [order.leaves for order in account.working()] == [70]


def test_a_replacement_takes_its_order_s_place():
    account = fold_messages([accepted(1), executed(1, 10), replaced(1, 2, 50), executed(2, 5)])
    assert account.orders[1].state == "replaced"
    assert [(o.ref, o.leaves, o.executed) for o in account.working()] == [(2, 45, 5)]


def test_an_order_that_arrives_dead_never_works():
    assert not fold_messages([accepted(1, state="D")]).working()


def test_a_rejected_number_is_free_for_the_same_order_again():
    account = fold_messages([rejected(1, FIRST), accepted(2, order_id=FIRST)])
    assert account.contradictions == [] and account.by_id(FIRST).ref == 2


def test_an_order_that_is_at_the_venue_twice_is_a_contradiction():
    account = fold_messages([accepted(1, order_id=FIRST), accepted(2, order_id=FIRST)])
    assert "twice" in account.contradictions[0]


def test_a_match_that_comes_twice_is_a_contradiction():
    account = fold_messages([accepted(1), executed(1, 10, match=7), executed(1, 10, match=7)])
    assert account.contradictions == [f"match 7 of order {FIRST} came twice"]


def test_more_filled_than_was_open_is_a_contradiction():
    account = fold_messages([accepted(1, 10), executed(1, 11)])
    assert "1 shares more filled than were open" in account.contradictions[0]


def test_a_fill_of_an_order_that_was_never_accepted_is_a_contradiction():
    assert fold_messages([executed(9, 1)]).contradictions == [
        "reference number 9 was executed and never accepted"]


fills = st.lists(st.tuples(st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 500),
                           st.integers(1, 2_000_000)), max_size=40)


@given(fills)
def test_quantity_and_cash_are_exact_sums_and_cost_is_the_average_of_what_is_open(sequence):
    holding, quantity, cash, cost = Holding(), 0, 0, Fraction(0)
    for side, shares, price in sequence:
        holding.fill(side, shares, price)
        for _ in range(shares):  # a share at a time
            change = 1 if side == Side.BUY else -1
            if quantity * change >= 0:
                cost += change * price
            else:
                cost -= cost / quantity * -change
            quantity += change
            cash -= change * price
    assert (holding.quantity, holding.cash_e4) == (quantity, cash)
    assert abs(holding.cost_e4 - cost) <= len(sequence)  # each close rounds by less than one
    assert holding.bought - holding.sold == quantity


@given(st.lists(st.tuples(st.sampled_from("AEC"), st.integers(1, 5), st.integers(1, 60)),
                max_size=60))
def test_shares_accepted_are_executed_canceled_or_open(steps):
    messages, open_, asked, done = [], {}, defaultdict(int), defaultdict(int)
    for kind, ref, shares in steps:
        if kind == "A" and ref not in asked:
            messages.append(accepted(ref, shares))
            open_[ref] = asked[ref] = shares
        elif kind != "A" and open_.get(ref, 0) > 0:
            part = min(shares, open_[ref])
            messages.append(executed(ref, part) if kind == "E" else canceled(ref, part))
            open_[ref] -= part
            done[ref] += part if kind == "E" else 0
    account = fold_messages(messages)
    assert account.contradictions == []
    assert {o.ref: o.leaves for o in account.working()} == {r: n for r, n in open_.items() if n}
    assert {r: o.executed for r, o in account.orders.items()} == {r: done[r] for r in asked}
