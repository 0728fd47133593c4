"""OUCH 5.0 messages that only this venue's own features need. Kernels, as those of
:mod:`schemas.venue.ouch50`."""

import numpy as np

from actors.book.memory import kernel
from schemas.venue import ouch50
from schemas.venue.big_endian import put_raw4, put_u8, put_u16, put_u32, put_u64

__all__ = ["put_gate_response", "put_restated"]

_REFRESH_OF_DISPLAY = ord("R")
_SECONDARY_REFERENCE = np.int64(ouch50.OptionTag.SECONDARY_ORD_REF_NUM)
_DISPLAY_QUANTITY = np.int64(ouch50.OptionTag.DISPLAY_QUANTITY)


@kernel
def put_restated(addr, timestamp_ns, user_ref_num, order_reference_number, display_quantity):
    """``R``: an order displays ``display_quantity`` shares afresh, under another reference number,
    which the options say."""
    put_u8(addr, 0, ouch50.RESTATED)
    put_u64(addr, ouch50.TIMESTAMP, timestamp_ns)
    put_u32(addr, ouch50.RESTATED_USER_REF_NUM, user_ref_num)
    put_u8(addr, ouch50.RESTATED_REASON, _REFRESH_OF_DISPLAY)
    put_u16(addr, ouch50.RESTATED_APPENDAGE_LENGTH, 0)
    appendage_at = np.int64(ouch50.RESTATED_APPENDAGE_LENGTH)
    length = ouch50.append_option(addr, np.int64(ouch50.RESTATED_LENGTH), appendage_at,
                                  _SECONDARY_REFERENCE, order_reference_number)
    return ouch50.append_option(addr, length, appendage_at, _DISPLAY_QUANTITY, display_quantity)


@kernel
def put_gate_response(addr, timestamp_ns, user_ref_num, firm, disabled):
    """``G`` or ``K``: order entry is disabled, or enabled, now; the two are laid out alike."""
    kind = ouch50.DISABLE_ORDER_ENTRY_RESPONSE
    if not disabled:
        kind = ouch50.ENABLE_ORDER_ENTRY_RESPONSE
    put_u8(addr, 0, kind)
    put_u64(addr, ouch50.TIMESTAMP, timestamp_ns)
    put_u32(addr, ouch50.DISABLE_ORDER_ENTRY_RESPONSE_USER_REF_NUM, user_ref_num)
    put_raw4(addr, ouch50.DISABLE_ORDER_ENTRY_RESPONSE_FIRM, firm)
    put_u16(addr, ouch50.DISABLE_ORDER_ENTRY_RESPONSE_APPENDAGE_LENGTH, 0)
    return np.int64(ouch50.DISABLE_ORDER_ENTRY_RESPONSE_LENGTH)
