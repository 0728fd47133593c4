"""Records whose payload is a message's body, for ``pitwire journal show``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from schemas.fbs import enum_values, field_types
from schemas.messages import MessageType

__all__ = ["body_fields"]


@functools.cache
def _names(kind: str) -> Mapping[int, str]:
    """Members of an enumeration by number; empty if the type is none."""
    try:
        return {number: name for name, number in enum_values(kind).items()}
    except (KeyError, ValueError):
        return {}


def body_fields(message: MessageType) -> Callable[[bytes], dict[str, Any]]:
    """A function from such a payload to the body's fields but for the header, enumerations by name.
    Fields that are 0 are left out."""
    kinds = {name: kind for name, kind in field_types(f"{message.name}Body").items()
             if name != "header" and not name.startswith("reserved")}

    def fields(payload: bytes) -> dict[str, Any]:
        body = np.frombuffer(payload, message.dtype, 1)[0]
        return {name: _names(kind).get(int(body[name]), int(body[name]))
                for name, kind in kinds.items() if body[name]}
    return fields
