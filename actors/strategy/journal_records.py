"""How a strategy's journal reads, for ``pitwire journal show``."""

from __future__ import annotations

from typing import Any

import numpy as np

from actors.runtime.journal.formats import register_format
from actors.runtime.journal.message_records import body_fields
from actors.strategy.inputs import ENTERED, InputType
from schemas.enums import Side
from schemas.messages import ExecutionReport

__all__ = ["entered_fields"]


def entered_fields(payload: bytes) -> dict[str, Any]:
    """An order about to be sent."""
    entered = np.frombuffer(payload, ENTERED, 1)[0]
    said = {name: int(entered[name]) for name in ENTERED.names}
    return {**said, "side": Side(said["side"]).name}


_FIELDS = {InputType.ORDER: entered_fields,
           InputType.REPORT: body_fields(ExecutionReport),
           InputType.SEEN: lambda payload: {"report_seq": int.from_bytes(payload[:8], "little")}}
for _type, _fields in _FIELDS.items():
    register_format("strategy", _type, _type.name, _fields)
