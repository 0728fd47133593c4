"""The plain Python codec: inverse both ways, and errors that tell a person what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messages_of import any_message, damaged_message

from schemas.venue import ProtocolError, itch50, ouch50
from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import alpha, decimal, message

CATALOGUES = [itch50.CATALOGUE, ouch50.INBOUND, ouch50.OUTBOUND]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda catalogue: catalogue.name)
@given(data=st.data())
def test_encoding_what_was_decoded_gives_the_same_bytes(catalogue, data):
    message = data.draw(any_message(catalogue))
    assert catalogue.encode(**catalogue.decode(message)) == message


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda catalogue: catalogue.name)
@given(data=st.data())
def test_damaged_bytes_are_refused_or_are_another_valid_message(catalogue, data):
    damaged = data.draw(damaged_message(catalogue))
    try:
        values = catalogue.decode(damaged)
    except ProtocolError as error:
        assert catalogue.name in str(error)
    else:
        assert catalogue.encode(**values) == damaged


CANCEL = {"type": "X", "user_ref_num": 7, "quantity": 0}


def test_a_cancel_ends_there_or_goes_on_with_options():
    bare = ouch50.encode_in(**CANCEL)
    empty = ouch50.encode_in(**CANCEL, appendage=[])
    with_option = ouch50.encode_in(**CANCEL, appendage=[(ouch50.OptionTag.USER_REF_IDX, 3)])
    assert bare.hex() == "58" "00000007" "00000000"
    assert empty.hex() == bare.hex() + "0000"
    assert with_option.hex() == bare.hex() + "0003" "02" "1c" "03"
    assert "appendage" not in ouch50.decode_in(bare)
    assert ouch50.decode_in(with_option)["appendage"] == [(28, 3)]


def test_an_unknown_option_keeps_its_bytes():
    data = ouch50.encode_in(**CANCEL, appendage=[(200, b"\x01\x02")])
    assert ouch50.decode_in(data)["appendage"] == [(200, b"\x01\x02")]


@pytest.mark.parametrize(
    "hexadecimal, says",
    [
        ("", "empty message"),
        ("7a0102", "unknown message type 'z'; the bytes begin 7a 01 02"),
        ("58000000", r"Cancel Order Request \('X'\): expected 9 bytes, got 4; .* 58 00 00 00"),
        ("580000000700000000" "0002" "021c03", "appendage_length 2 does not match the 3 bytes"),
        ("580000000700000000" "0001" "00", "has length 0, which leaves no room for its tag"),
        ("580000000700000000" "0002" "051c", "has length 5, which runs past the end"),
        ("580000000700000000" "0003" "020300", r"MinQty \(tag 3\) takes 4 bytes, got 1: 00"),
        ("580000000700000000" "00", "appendage_length 0 does not match"),
    ],
)
def test_bytes_that_make_no_message_are_explained(hexadecimal, says):
    with pytest.raises(ProtocolError, match=says):
        ouch50.decode_in(bytes.fromhex(hexadecimal))


def test_a_client_s_nine_byte_symbol_is_refused_clearly():
    good = ouch50.encode_in(
        type="O", user_ref_num=1, side="B", quantity=100, symbol="AAPL", price=1_500_000,
        time_in_force="0", display="Y", capacity="P", intermarket_sweep_eligibility="N",
        cross_type="N", cl_ord_id="1",
    )  # fmt: skip
    bad = good[:18] + b" " + good[18:]
    with pytest.raises(ProtocolError, match="Enter Order"):
        ouch50.decode_in(bad)


@pytest.mark.parametrize(
    "values, says",
    [
        ({"type": "X", "user_ref_num": 7}, "missing quantity"),
        (CANCEL | {"quantitty": 1}, "no field 'quantitty'; did you mean 'quantity'"),
        (CANCEL | {"quantity": 2**32}, "quantity takes 0 to 4294967295, got 4294967296"),
        (CANCEL | {"quantity": -1}, "quantity takes 0 to"),
        (CANCEL | {"quantity": "all"}, "quantity takes an integer, got 'all'"),
        (CANCEL | {"quantity": True}, "quantity takes an integer, got True"),
        (CANCEL | {"appendage": [(200, 1)]}, "option tag 200 is not in the table"),
        ({"type": "?"}, "unknown message type '?'.*known types are O U X"),
        (
            {"type": "D", "user_ref_num": 1, "firm": "LONGER"},
            "firm takes text of at most 4 characters, got 'LONGER'",
        ),
        (
            {"type": "D", "user_ref_num": 1, "firm": "F", "appendage_length": 9},
            "appendage_length is 9 but the options take 0 bytes",
        ),
    ],
)
def test_values_that_do_not_fit_are_explained(values, says):
    with pytest.raises(ProtocolError, match=says.replace("'?'", r"'\?'")):
        ouch50.encode_in(**values)


def test_a_message_without_appendage_takes_none():
    with pytest.raises(ProtocolError, match="carries no appendage"):
        ouch50.encode_out(type="S", timestamp=1, event_code="S", appendage=[])


def test_code_enums_can_be_given_for_letters():
    data = ouch50.encode_out(type="S", timestamp=1, event_code=ouch50.EventCode.START_OF_DAY)
    assert data == b"S" + (1).to_bytes(8, "big") + b"S"


def test_a_protocol_with_numbers_in_ascii_needs_no_change():
    snapshot_end = message("G", "End of Snapshot", {}, sequence_number=decimal(20), note=alpha(2))
    catalogue = Catalogue("sample", [snapshot_end])
    data = catalogue.encode(type="G", sequence_number=42, note="x")
    assert data == b"G" + b"42".rjust(20) + b"x "
    assert catalogue.decode(b"G" + b"42".ljust(20) + b"x ")["sequence_number"] == 42
    with pytest.raises(ProtocolError, match="sequence_number is not a number"):
        catalogue.decode(b"G" + b" " * 22)
