"""How the risk manager's journal reads, for ``pitwire journal show``."""

from __future__ import annotations

from typing import Any

import numpy as np

from actors.risk.inputs import TRADING, InputType
from actors.runtime.journal.formats import register_format
from actors.runtime.journal.message_records import body_fields
from schemas.enums import RejectReason, TradingState
from schemas.messages import ExecutionReport, OrderCommand

__all__ = ["trading_fields"]


def trading_fields(payload: bytes) -> dict[str, Any]:
    """A change of the trading state."""
    change = np.frombuffer(payload, TRADING, 1)[0]
    return {"trading_state": TradingState(int(change["trading_state"])).name,
            "reason": RejectReason(int(change["reason"])).name,
            "value": int(change["value"]), "limit": int(change["limit"])}


_FIELDS = {InputType.ORDER: body_fields(OrderCommand),
           InputType.REPORT: body_fields(ExecutionReport),
           InputType.TRADING: trading_fields}
for _type, _fields in _FIELDS.items():
    register_format("risk", _type, _type.name, _fields)
