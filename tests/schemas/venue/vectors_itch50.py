"""Every message of ITCH 5.0 and GLIMPSE 5.0 byte by byte, and what its fields are.

Written from the published field tables, not from this package's. An integer's bytes have as values
their own offsets in the message, so that what is read from or written to a wrong place differs.
"""

from vector import vector

__all__ = ["GLIMPSE50", "ITCH50"]

# fmt: off
ITCH50 = [
    # System Event, 12 bytes
    vector(
        "53 0000 0304 05060708090a 51",
        type="S", stock_locate=0, tracking_number=0x304, timestamp=0x5060708090a,
        event_code="Q",
    ),
    # Stock Directory, 39 bytes
    vector(
        "52 0102 0304 05060708090a 5a565a5a54202020 47 4e 15161718 59 41 5a20 50 4e 5a 31 59 "
        "22232425 4e",
        type="R", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", market_category="G", financial_status_indicator="N",
        round_lot_size=0x15161718, round_lots_only="Y", issue_classification="A",
        issue_sub_type="Z", authenticity="P", short_sale_threshold_indicator="N",
        ipo_flag="Z", luld_reference_price_tier="1", etp_flag="Y",
        etp_leverage_factor=0x22232425, inverse_indicator="N",
    ),
    # Stock Trading Action, 25 bytes
    vector(
        "48 0102 0304 05060708090a 5a565a5a54202020 54 20 54312020",
        type="H", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", trading_state="T", reserved="", reason="T1",
    ),
    # Reg SHO Restriction, 20 bytes
    vector(
        "59 0102 0304 05060708090a 5a565a5a54202020 32",
        type="Y", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", reg_sho_action="2",
    ),
    # Market Participant Position, 26 bytes
    vector(
        "4c 0102 0304 05060708090a 4c45484d 5a565a5a54202020 59 50 57",
        type="L", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        mpid="LEHM", stock="ZVZZT", primary_market_maker="Y", market_maker_mode="P",
        market_participant_state="W",
    ),
    # MWCB Decline Level, 35 bytes
    vector(
        "56 0000 0304 05060708090a 0b0c0d0e0f101112 131415161718191a 1b1c1d1e1f202122",
        type="V", stock_locate=0, tracking_number=0x304, timestamp=0x5060708090a,
        level_1=0xb0c0d0e0f101112, level_2=0x131415161718191a, level_3=0x1b1c1d1e1f202122,
    ),
    # MWCB Status, 12 bytes
    vector(
        "57 0000 0304 05060708090a 33",
        type="W", stock_locate=0, tracking_number=0x304, timestamp=0x5060708090a,
        breached_level="3",
    ),
    # IPO Quoting Period Update, 28 bytes
    vector(
        "4b 0102 0304 05060708090a 5a565a5a54202020 13141516 43 18191a1b",
        type="K", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", ipo_quotation_release_time=0x13141516,
        ipo_quotation_release_qualifier="C", ipo_price=0x18191a1b,
    ),
    # LULD Auction Collar, 35 bytes
    vector(
        "4a 0102 0304 05060708090a 5a565a5a54202020 13141516 1718191a 1b1c1d1e 1f202122",
        type="J", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", auction_collar_reference_price=0x13141516,
        upper_auction_collar_price=0x1718191a, lower_auction_collar_price=0x1b1c1d1e,
        auction_collar_extension=0x1f202122,
    ),
    # Operational Halt, 21 bytes
    vector(
        "68 0102 0304 05060708090a 5a565a5a54202020 58 48",
        type="h", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", market_code="X", operational_halt_action="H",
    ),
    # Add Order (no MPID), 36 bytes
    vector(
        "41 0102 0304 05060708090a 0b0c0d0e0f101112 53 14151617 5a565a5a54202020 20212223",
        type="A", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112, buy_sell_indicator="S", shares=0x14151617,
        stock="ZVZZT", price=0x20212223,
    ),
    # Add Order (MPID attribution), 40 bytes
    vector(
        "46 0102 0304 05060708090a 0b0c0d0e0f101112 53 14151617 5a565a5a54202020 20212223 "
        "4c45484d",
        type="F", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112, buy_sell_indicator="S", shares=0x14151617,
        stock="ZVZZT", price=0x20212223, attribution="LEHM",
    ),
    # Order Executed, 31 bytes
    vector(
        "45 0102 0304 05060708090a 0b0c0d0e0f101112 13141516 1718191a1b1c1d1e",
        type="E", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112, executed_shares=0x13141516,
        match_number=0x1718191a1b1c1d1e,
    ),
    # Order Executed With Price, 36 bytes
    vector(
        "43 0102 0304 05060708090a 0b0c0d0e0f101112 13141516 1718191a1b1c1d1e 59 20212223",
        type="C", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112, executed_shares=0x13141516,
        match_number=0x1718191a1b1c1d1e, printable="Y", execution_price=0x20212223,
    ),
    # Order Cancel (partial), 23 bytes
    vector(
        "58 0102 0304 05060708090a 0b0c0d0e0f101112 13141516",
        type="X", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112, cancelled_shares=0x13141516,
    ),
    # Order Delete, 19 bytes
    vector(
        "44 0102 0304 05060708090a 0b0c0d0e0f101112",
        type="D", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112,
    ),
    # Order Replace, 35 bytes
    vector(
        "55 0102 0304 05060708090a 0b0c0d0e0f101112 131415161718191a 1b1c1d1e 1f202122",
        type="U", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        original_order_reference_number=0xb0c0d0e0f101112,
        new_order_reference_number=0x131415161718191a, shares=0x1b1c1d1e, price=0x1f202122,
    ),
    # Trade (non-cross), 44 bytes
    vector(
        "50 0102 0304 05060708090a 0b0c0d0e0f101112 53 14151617 5a565a5a54202020 20212223 "
        "2425262728292a2b",
        type="P", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        order_reference_number=0xb0c0d0e0f101112, buy_sell_indicator="S", shares=0x14151617,
        stock="ZVZZT", price=0x20212223, match_number=0x2425262728292a2b,
    ),
    # Cross Trade, 40 bytes
    vector(
        "51 0102 0304 05060708090a 0b0c0d0e0f101112 5a565a5a54202020 1b1c1d1e 1f20212223242526 4f",
        type="Q", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        shares=0xb0c0d0e0f101112, stock="ZVZZT", cross_price=0x1b1c1d1e,
        match_number=0x1f20212223242526, cross_type="O",
    ),
    # Broken Trade, 19 bytes
    vector(
        "42 0102 0304 05060708090a 0b0c0d0e0f101112",
        type="B", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        match_number=0xb0c0d0e0f101112,
    ),
    # NOII, 50 bytes
    vector(
        "49 0102 0304 05060708090a 0b0c0d0e0f101112 131415161718191a 42 5a565a5a54202020 24252627 "
        "28292a2b 2c2d2e2f 4f 4c",
        type="I", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        paired_shares=0xb0c0d0e0f101112, imbalance_shares=0x131415161718191a,
        imbalance_direction="B", stock="ZVZZT", far_price=0x24252627, near_price=0x28292a2b,
        current_reference_price=0x2c2d2e2f, cross_type="O", price_variation_indicator="L",
    ),
    # RPII, 20 bytes
    vector(
        "4e 0102 0304 05060708090a 5a565a5a54202020 41",
        type="N", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", interest_flag="A",
    ),
    # Direct Listing with Capital Raise price discovery, 48 bytes
    vector(
        "4f 0102 0304 05060708090a 5a565a5a54202020 59 14151617 18191a1b 1c1d1e1f "
        "2021222324252627 28292a2b 2c2d2e2f",
        type="O", stock_locate=0x102, tracking_number=0x304, timestamp=0x5060708090a,
        stock="ZVZZT", open_eligibility_status="Y", minimum_allowable_price=0x14151617,
        maximum_allowable_price=0x18191a1b, near_execution_price=0x1c1d1e1f,
        near_execution_time=0x2021222324252627, lower_price_range_collar=0x28292a2b,
        upper_price_range_collar=0x2c2d2e2f,
    ),
]
GLIMPSE50 = [
    # End of Snapshot, 21 bytes
    vector(
        "47 2020202020202020202020202020202020203432",
        type="G", sequence_number=42,
    ),
    *(each for each in ITCH50 if each[1]["type"] in "SRHYAFNh"),
]
# fmt: on
