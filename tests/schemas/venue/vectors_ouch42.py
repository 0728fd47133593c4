"""Every message of OUCH 4.2 byte by byte, and what its fields are.

Written from the published field tables, not from this package's. An integer's bytes have as values
their own offsets in the message, so that what is read from or written to a wrong place differs.
"""

from vector import vector

__all__ = ["OUCH42_IN", "OUCH42_OUT"]

# fmt: off
OUCH42_IN = [
    # Enter Order, 49 bytes
    vector(
        "4f 3731323334353637383930313233 53 10111213 5a565a5a54202020 1c1d1e1f 20212223 41422020 "
        "41 50 59 2b2c2d2e 4f 52",
        type="O", order_token="71234567890123", buy_sell_indicator="S", shares=0x10111213,
        stock="ZVZZT", price=0x1c1d1e1f, time_in_force=0x20212223, firm="AB", display="A",
        capacity="P", intermarket_sweep_eligibility="Y", minimum_quantity=0x2b2c2d2e,
        cross_type="O", customer_type="R",
    ),
    # Replace Order, 47 bytes
    vector(
        "55 3230323630313031202020202020 3230323630313032202020202020 1d1e1f20 21222324 25262728 "
        "41 59 2b2c2d2e",
        type="U", existing_order_token="20260101", replacement_order_token="20260102",
        shares=0x1d1e1f20, price=0x21222324, time_in_force=0x25262728, display="A",
        intermarket_sweep_eligibility="Y", minimum_quantity=0x2b2c2d2e,
    ),
    # Cancel Order, 19 bytes
    vector(
        "58 3731323334353637383930313233 0f101112",
        type="X", order_token="71234567890123", shares=0xf101112,
    ),
    # Modify Order, 20 bytes
    vector(
        "4d 3731323334353637383930313233 53 10111213",
        type="M", order_token="71234567890123", buy_sell_indicator="S", shares=0x10111213,
    ),
    # Trade Now, 15 bytes
    vector(
        "4e 3731323334353637383930313233",
        type="N", order_token="71234567890123",
    ),
]
OUCH42_OUT = [
    # System Event, 10 bytes
    vector(
        "53 0102030405060708 51",
        type="S", timestamp=0x102030405060708, event_code="Q",
    ),
    # Accepted, 66 bytes
    vector(
        "41 0102030405060708 3731323334353637383930313233 53 18191a1b 5a565a5a54202020 24252627 "
        "28292a2b 41422020 41 3132333435363738 50 59 3b3c3d3e 4f 44 32",
        type="A", timestamp=0x102030405060708, order_token="71234567890123",
        buy_sell_indicator="S", shares=0x18191a1b, stock="ZVZZT", price=0x24252627,
        time_in_force=0x28292a2b, firm="AB", display="A",
        order_reference_number=0x3132333435363738, capacity="P",
        intermarket_sweep_eligibility="Y", minimum_quantity=0x3b3c3d3e, cross_type="O",
        order_state="D", bbo_weight_indicator="2",
    ),
    # Replaced, 80 bytes
    vector(
        "55 0102030405060708 3230323630313032202020202020 53 18191a1b 5a565a5a54202020 24252627 "
        "28292a2b 41422020 41 3132333435363738 50 59 3b3c3d3e 4f 44 3230323630313031202020202020 "
        "32",
        type="U", timestamp=0x102030405060708, replacement_order_token="20260102",
        buy_sell_indicator="S", shares=0x18191a1b, stock="ZVZZT", price=0x24252627,
        time_in_force=0x28292a2b, firm="AB", display="A",
        order_reference_number=0x3132333435363738, capacity="P",
        intermarket_sweep_eligibility="Y", minimum_quantity=0x3b3c3d3e, cross_type="O",
        order_state="D", previous_order_token="20260101", bbo_weight_indicator="2",
    ),
    # Canceled, 28 bytes
    vector(
        "43 0102030405060708 3731323334353637383930313233 1718191a 55",
        type="C", timestamp=0x102030405060708, order_token="71234567890123",
        decrement_shares=0x1718191a, reason="U",
    ),
    # AIQ Canceled, 37 bytes
    vector(
        "44 0102030405060708 3731323334353637383930313233 1718191a 51 1c1d1e1f 20212223 52",
        type="D", timestamp=0x102030405060708, order_token="71234567890123",
        decrement_shares=0x1718191a, reason="Q", quantity_prevented_from_trading=0x1c1d1e1f,
        execution_price=0x20212223, liquidity_flag="R",
    ),
    # Executed, 40 bytes
    vector(
        "45 0102030405060708 3731323334353637383930313233 1718191a 1b1c1d1e 52 2021222324252627",
        type="E", timestamp=0x102030405060708, order_token="71234567890123",
        executed_shares=0x1718191a, execution_price=0x1b1c1d1e, liquidity_flag="R",
        match_number=0x2021222324252627,
    ),
    # Broken Trade, 32 bytes
    vector(
        "42 0102030405060708 3731323334353637383930313233 1718191a1b1c1d1e 55",
        type="B", timestamp=0x102030405060708, order_token="71234567890123",
        match_number=0x1718191a1b1c1d1e, reason="U",
    ),
    # Executed with Reference Price, 45 bytes
    vector(
        "47 0102030405060708 3731323334353637383930313233 1718191a 1b1c1d1e 52 2021222324252627 "
        "28292a2b 49",
        type="G", timestamp=0x102030405060708, order_token="71234567890123",
        executed_shares=0x1718191a, execution_price=0x1b1c1d1e, liquidity_flag="R",
        match_number=0x2021222324252627, reference_price=0x28292a2b,
        reference_price_type="I",
    ),
    # Trade Correction, 41 bytes
    vector(
        "46 0102030405060708 3731323334353637383930313233 1718191a 1b1c1d1e 52 2021222324252627 "
        "55",
        type="F", timestamp=0x102030405060708, order_token="71234567890123",
        executed_shares=0x1718191a, execution_price=0x1b1c1d1e, liquidity_flag="R",
        match_number=0x2021222324252627, reason="U",
    ),
    # Rejected, 24 bytes
    vector(
        "4a 0102030405060708 3731323334353637383930313233 55",
        type="J", timestamp=0x102030405060708, order_token="71234567890123", reason="U",
    ),
    # Cancel Pending, 23 bytes
    vector(
        "50 0102030405060708 3731323334353637383930313233",
        type="P", timestamp=0x102030405060708, order_token="71234567890123",
    ),
    # Cancel Reject, 23 bytes
    vector(
        "49 0102030405060708 3731323334353637383930313233",
        type="I", timestamp=0x102030405060708, order_token="71234567890123",
    ),
    # Order Priority Update, 36 bytes
    vector(
        "54 0102030405060708 3731323334353637383930313233 1718191a 41 1c1d1e1f20212223",
        type="T", timestamp=0x102030405060708, order_token="71234567890123",
        price=0x1718191a, display="A", order_reference_number=0x1c1d1e1f20212223,
    ),
    # Order Modified, 28 bytes
    vector(
        "4d 0102030405060708 3731323334353637383930313233 53 18191a1b",
        type="M", timestamp=0x102030405060708, order_token="71234567890123",
        buy_sell_indicator="S", shares=0x18191a1b,
    ),
    # Trade Now, 23 bytes
    vector(
        "4e 0102030405060708 3731323334353637383930313233",
        type="N", timestamp=0x102030405060708, order_token="71234567890123",
    ),
]
# fmt: on
