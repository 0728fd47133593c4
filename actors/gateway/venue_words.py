"""The venue's reasons in our words.

Kernels map codes to :class:`RejectReason`; for people, the venue's own word is kept in log lines.
"""

import numpy as np

from actors.runtime import kernel
from schemas.enums import RejectReason
from schemas.venue import ouch50

__all__ = ["cancel_word", "map_cancel_reason", "map_reject_reason", "reject_word"]

_CODES = 64

_PRICE_CODES = ("INVALID_PEG_TYPE", "FAT_FINGER", "RISK_FAT_FINGER", "INVALID_PRICE",
                "CROSSED_MARKET", "INVALID_MIDPOINT_POST_ONLY_PRICE", "LATE_LOC_TOO_AGGRESSIVE")
_QUANTITY_CODES = ("INVALID_MAX_FLOOR", "INVALID_MIN_QUANTITY", "INVALID_QUANTITY",
                   "SHARES_EXCEED_THRESHOLD", "EXCEEDS_MAX_NOTIONAL", "RISK_MAX_QUANTITY",
                   "RISK_SINGLE_ORDER_NOTIONAL")
_SYMBOL_CODES = ("INVALID_SYMBOL", "RISK_RESTRICTED_STOCK")
_CLOSED_CODES = ("DESTINATION_CLOSED", "RISK_PRE_MARKET", "RISK_POST_MARKET")


def _reject_table() -> np.ndarray:
    table = np.full(_CODES, int(RejectReason.VENUE), np.int64)
    for names, reason in ((_PRICE_CODES, RejectReason.VENUE_PRICE),
                          (_QUANTITY_CODES, RejectReason.VENUE_QUANTITY),
                          (_SYMBOL_CODES, RejectReason.VENUE_SYMBOL),
                          (_CLOSED_CODES, RejectReason.VENUE_CLOSED),
                          (("HALTED",), RejectReason.VENUE_HALTED)):
        for name in names:
            table[ouch50.RejectReason[name]] = int(reason)
    return table


_REASON_OF = _reject_table()
_VENUE = int(RejectReason.VENUE)
_VENUE_CLOSED, _VENUE_HALTED = int(RejectReason.VENUE_CLOSED), int(RejectReason.VENUE_HALTED)
_CLOSED, _HALTED = int(ouch50.CancelReason.CLOSED), int(ouch50.CancelReason.HALTED)


@kernel
def map_reject_reason(code):
    """The RejectReason for an OUCH 5.0 reject code."""
    return _REASON_OF[code] if 0 <= code < _CODES else _VENUE


@kernel
def map_cancel_reason(letter):
    """The RejectReason for an OUCH 5.0 cancel reason: 0 unless trading was closed or halted."""
    if letter == _CLOSED:
        return _VENUE_CLOSED
    return _VENUE_HALTED if letter == _HALTED else 0


def reject_word(code: int) -> str:
    """The venue's word for a reject code."""
    try:
        return ouch50.RejectReason(code).name.lower().replace("_", " ")
    except ValueError:
        return f"code {code:#x}"


def cancel_word(letter: int) -> str:
    """The venue's word for a cancel reason."""
    try:
        return ouch50.CancelReason(letter).name.lower().replace("_", " ")
    except ValueError:
        return f"reason {chr(letter)!r}"
