"""Every message of OUCH 5.0 byte by byte, and what its fields are.

Written from the published field tables, not from this package's. An integer's bytes have as values
their own offsets in the message, so that what is read from or written to a wrong place differs.
"""

from vector import vector

__all__ = ["OPTIONS", "OUCH50_IN", "OUCH50_OUT"]

# fmt: off
OUCH50_IN = [
    # Enter Order, 47 bytes
    vector(
        "4f 01020304 54 06070809 5a565a5a54202020 1213141516171819 33 41 50 59 4f "
        "3731323334353637383930313233 0000",
        type="O", user_ref_num=0x1020304, side="T", quantity=0x6070809, symbol="ZVZZT",
        price=0x1213141516171819, time_in_force="3", display="A", capacity="P",
        intermarket_sweep_eligibility="Y", cross_type="O", cl_ord_id="71234567890123",
    ),
    # Replace Order Request, 40 bytes
    vector(
        "55 01020304 05060708 090a0b0c 0d0e0f1011121314 33 41 59 3731323334353637383930313233 "
        "0000",
        type="U", orig_user_ref_num=0x1020304, user_ref_num=0x5060708, quantity=0x90a0b0c,
        price=0xd0e0f1011121314, time_in_force="3", display="A",
        intermarket_sweep_eligibility="Y", cl_ord_id="71234567890123",
    ),
    # Cancel Order Request, 9 bytes
    vector(
        "58 01020304 05060708",
        type="X", user_ref_num=0x1020304, quantity=0x5060708,
    ),
    # Modify Order Request, 10 bytes
    vector(
        "4d 01020304 54 06070809",
        type="M", user_ref_num=0x1020304, side="T", quantity=0x6070809,
    ),
    # Mass Cancel Request, 19 bytes
    vector(
        "43 01020304 41422020 5a565a5a54202020 0000",
        type="C", user_ref_num=0x1020304, firm="AB", symbol="ZVZZT",
    ),
    # Disable Order Entry Request, 11 bytes
    vector(
        "44 01020304 41422020 0000",
        type="D", user_ref_num=0x1020304, firm="AB",
    ),
    # Enable Order Entry Request, 11 bytes
    vector(
        "45 01020304 41422020 0000",
        type="E", user_ref_num=0x1020304, firm="AB",
    ),
    # Account Query Request, 1 bytes
    vector(
        "51",
        type="Q",
    ),
]
OUCH50_OUT = [
    # System Event, 10 bytes
    vector(
        "53 0102030405060708 51",
        type="S", timestamp=0x102030405060708, event_code="Q",
    ),
    # Order Accepted, 64 bytes
    vector(
        "41 0102030405060708 090a0b0c 54 0e0f1011 5a565a5a54202020 1a1b1c1d1e1f2021 33 41 "
        "2425262728292a2b 50 59 4f 44 3731323334353637383930313233 0000",
        type="A", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, side="T",
        quantity=0xe0f1011, symbol="ZVZZT", price=0x1a1b1c1d1e1f2021, time_in_force="3",
        display="A", order_reference_number=0x2425262728292a2b, capacity="P",
        intermarket_sweep_eligibility="Y", cross_type="O", order_state="D",
        cl_ord_id="71234567890123",
    ),
    # Order Replaced, 68 bytes
    vector(
        "55 0102030405060708 090a0b0c 0d0e0f10 54 12131415 5a565a5a54202020 1e1f202122232425 33 "
        "41 28292a2b2c2d2e2f 50 59 4f 44 3731323334353637383930313233 0000",
        type="U", timestamp=0x102030405060708, orig_user_ref_num=0x90a0b0c,
        user_ref_num=0xd0e0f10, side="T", quantity=0x12131415, symbol="ZVZZT",
        price=0x1e1f202122232425, time_in_force="3", display="A",
        order_reference_number=0x28292a2b2c2d2e2f, capacity="P",
        intermarket_sweep_eligibility="Y", cross_type="O", order_state="D",
        cl_ord_id="71234567890123",
    ),
    # Order Canceled, 18 bytes
    vector(
        "43 0102030405060708 090a0b0c 0d0e0f10 55",
        type="C", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, quantity=0xd0e0f10,
        reason="U",
    ),
    # AIQ Canceled, 32 bytes
    vector(
        "44 0102030405060708 090a0b0c 0d0e0f10 51 12131415 161718191a1b1c1d 52 4e",
        type="D", timestamp=0x102030405060708, user_ref_num=0x90a0b0c,
        decrement_shares=0xd0e0f10, reason="Q", quantity_prevented_from_trading=0x12131415,
        execution_price=0x161718191a1b1c1d, liquidity_flag="R", aiq_strategy="N",
    ),
    # Order Executed, 36 bytes
    vector(
        "45 0102030405060708 090a0b0c 0d0e0f10 1112131415161718 52 1a1b1c1d1e1f2021 0000",
        type="E", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, quantity=0xd0e0f10,
        price=0x1112131415161718, liquidity_flag="R", match_number=0x1a1b1c1d1e1f2021,
    ),
    # Broken Trade, 36 bytes
    vector(
        "42 0102030405060708 090a0b0c 0d0e0f1011121314 55 3731323334353637383930313233",
        type="B", timestamp=0x102030405060708, user_ref_num=0x90a0b0c,
        match_number=0xd0e0f1011121314, reason="U", cl_ord_id="71234567890123",
    ),
    # Rejected, 29 bytes
    vector(
        "4a 0102030405060708 090a0b0c 0d0e 3731323334353637383930313233",
        type="J", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, reason=0xd0e,
        cl_ord_id="71234567890123",
    ),
    # Cancel Pending, 13 bytes
    vector(
        "50 0102030405060708 090a0b0c",
        type="P", timestamp=0x102030405060708, user_ref_num=0x90a0b0c,
    ),
    # Cancel Reject, 13 bytes
    vector(
        "49 0102030405060708 090a0b0c",
        type="I", timestamp=0x102030405060708, user_ref_num=0x90a0b0c,
    ),
    # Order Priority Update, 30 bytes
    vector(
        "54 0102030405060708 090a0b0c 0d0e0f1011121314 41 161718191a1b1c1d",
        type="T", timestamp=0x102030405060708, user_ref_num=0x90a0b0c,
        price=0xd0e0f1011121314, display="A", order_reference_number=0x161718191a1b1c1d,
    ),
    # Order Modified, 18 bytes
    vector(
        "4d 0102030405060708 090a0b0c 54 0e0f1011",
        type="M", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, side="T",
        quantity=0xe0f1011,
    ),
    # Order Restated, 16 bytes
    vector(
        "52 0102030405060708 090a0b0c 55 0000",
        type="R", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, reason="U",
    ),
    # Mass Cancel Response, 27 bytes
    vector(
        "58 0102030405060708 090a0b0c 41422020 5a565a5a54202020 0000",
        type="X", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, firm="AB",
        symbol="ZVZZT",
    ),
    # Disable Order Entry Response, 19 bytes
    vector(
        "47 0102030405060708 090a0b0c 41422020 0000",
        type="G", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, firm="AB",
    ),
    # Enable Order Entry Response, 19 bytes
    vector(
        "4b 0102030405060708 090a0b0c 41422020 0000",
        type="K", timestamp=0x102030405060708, user_ref_num=0x90a0b0c, firm="AB",
    ),
    # Account Query Response, 13 bytes
    vector(
        "51 0102030405060708 090a0b0c",
        type="Q", timestamp=0x102030405060708, next_user_ref_num=0x90a0b0c,
    ),
]
# By tag: the option with its length and tag, and its value.
OPTIONS = {
    1: (bytes.fromhex("09 01 0102030405060708"), 0x102030405060708),  # SecondaryOrdRefNum
    2: (bytes.fromhex("05 02 41424344"), "ABCD"),  # Firm
    3: (bytes.fromhex("05 03 01020304"), 0x1020304),  # MinQty
    4: (bytes.fromhex("02 04 41"), "A"),  # CustomerType
    5: (bytes.fromhex("05 05 01020304"), 0x1020304),  # MaxFloor
    6: (bytes.fromhex("02 06 41"), "A"),  # PriceType
    7: (bytes.fromhex("05 07 fffffe0c"), -500),  # PegOffset
    9: (bytes.fromhex("09 09 0102030405060708"), 0x102030405060708),  # DiscretionPrice
    10: (bytes.fromhex("02 0a 41"), "A"),  # DiscretionPriceType
    11: (bytes.fromhex("05 0b fffffe0c"), -500),  # DiscretionPegOffset
    12: (bytes.fromhex("02 0c 41"), "A"),  # PostOnly
    13: (bytes.fromhex("05 0d 01020304"), 0x1020304),  # RandomReserves
    14: (bytes.fromhex("05 0e 41424344"), "ABCD"),  # Route
    15: (bytes.fromhex("05 0f 01020304"), 0x1020304),  # ExpireTime
    16: (bytes.fromhex("02 10 41"), "A"),  # TradeNow
    17: (bytes.fromhex("02 11 41"), "A"),  # HandleInst
    18: (bytes.fromhex("02 12 41"), "A"),  # BBOWeightIndicator
    22: (bytes.fromhex("05 16 01020304"), 0x1020304),  # DisplayQuantity
    23: (bytes.fromhex("09 17 0102030405060708"), 0x102030405060708),  # DisplayPrice
    24: (bytes.fromhex("03 18 0102"), 0x102),  # GroupID
    25: (bytes.fromhex("02 19 41"), "A"),  # SharesLocated
    26: (bytes.fromhex("05 1a 41424344"), "ABCD"),  # LocateBroker
    27: (bytes.fromhex("02 1b 41"), "A"),  # Side
    28: (bytes.fromhex("02 1c 01"), 0x1),  # UserRefIdx
}
# fmt: on
