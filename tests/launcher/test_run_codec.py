"""Messages as JSON and back."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from launcher.run.codec import BadMessage, decode, encode
from schemas.enums import Flag, Side
from schemas.messages import MESSAGE_TYPES, BookSnapshot, MarketData, OrderCommand

SYMBOLS = ("AAPL", "MSFT")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(MESSAGE_TYPES)), st.randoms(use_true_random=False))
def test_what_is_encoded_decodes_to_the_same_body(name, random):
    message = MESSAGE_TYPES[name]
    body = np.frombuffer(random.randbytes(message.dtype.itemsize), message.dtype)[0:1].reshape(())
    said = json.loads(json.dumps(encode("out", message, body, SYMBOLS)))

    again = decode(said, message, SYMBOLS)

    assert encode("out", message, again, SYMBOLS) | {"epoch": 0, "seq": 0} \
        == said | {"epoch": 0, "seq": 0}


def test_names_stand_for_enum_members_and_symbols():
    body = decode({"port": "orders", "symbol": "MSFT", "side": "sell", "order_type": "LIMIT",
                   "price": 150.3, "quantity": 50}, OrderCommand, SYMBOLS)
    assert (int(body["symbol_id"]), int(body["side"]), int(body["price_e4"])) == (1, 2, 1_503_000)
    said = encode("orders", OrderCommand, body, SYMBOLS)
    assert said["symbol"] == "MSFT" and said["side"] == "SELL" and said["order_type"] == "LIMIT"
    assert "header" not in said and "reserved" not in said


def test_flags_go_by_name_in_both_directions():
    body = decode({"flags": ["SNAPSHOT", "LAST"]}, MarketData, SYMBOLS)
    assert int(body["header"]["flags"]) == Flag.SNAPSHOT | Flag.LAST
    assert encode("market", MarketData, body, SYMBOLS)["flags"] == ["SNAPSHOT", "LAST"]


def test_an_array_of_structs_is_a_list_of_objects():
    body = decode({"symbol": "AAPL", "bid_count": 1, "bids": [{"price": 10.5, "quantity": 7}]},
                  BookSnapshot, SYMBOLS)
    assert int(body["bids"][0]["price_e4"]) == 105_000
    assert encode("b", BookSnapshot, body, SYMBOLS)["bids"][0]["quantity"] == 7


def test_an_unknown_symbol_number_stays_a_number():
    body = decode({"symbol_id": 9}, OrderCommand, SYMBOLS)
    assert encode("orders", OrderCommand, body, SYMBOLS)["symbol_id"] == 9


@pytest.mark.parametrize(("said", "told"), [
    ({"qantity": 5}, "no field 'qantity' in OrderCommand — did you mean 'quantity'?"),
    ({"side": "BYU"}, "side cannot be 'BYU' — did you mean 'BUY'?"),
    ({"symbol": "APPL"}, "no symbol 'APPL' — did you mean 'AAPL'?"),
    ({"symbol": 3}, "symbol must be AAPL or MSFT, not 3"),
    ({"quantity": -1}, "quantity must lie in 0..4294967295, not be -1"),
    ({"quantity": 1.5}, "quantity must be a whole number, not 1.5"),
    ({"quantity": "many"}, "quantity must be a whole number, not 'many'"),
    ({"price": 1e-5}, "price must be a whole number of 1/10,000, not 1e-05"),
    ({"price": "dear"}, "price must be a number, not 'dear'"),
    ({"side": 300}, "side must lie in 0..255, not be 300"),
    ({"message": "Alert"}, "message is 'Alert', but port 'None' takes OrderCommand"),
    ({"flags": ["LATE"]}, "flags must be a list of SNAPSHOT, LAST or REPLAYED"),
    ({"header": {}}, "no field 'header' in OrderCommand"),
    ({"symbol": ["AAPL"]}, "symbol must be AAPL or MSFT, not a list or an object"),
])
def test_a_bad_field_is_named(said, told):
    with pytest.raises(BadMessage, match="^" + re.escape(told)):
        decode(said, OrderCommand, SYMBOLS)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(
    st.sampled_from(["side", "price", "price_e4", "symbol", "symbol_id", "flags", "quantity",
                     "header", "bids", "x", "message", "order_id"]),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                 lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=5)))
def test_whatever_an_object_holds_it_is_a_message_or_a_bad_one(said):
    for message in (OrderCommand, BookSnapshot):
        try:
            decode(said, message, SYMBOLS)
        except BadMessage as error:
            assert str(error)


def test_a_side_is_an_enum_even_as_a_number():
    assert int(decode({"side": 1}, OrderCommand, SYMBOLS)["side"]) == Side.BUY
