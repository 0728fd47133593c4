"""The exchange's state as blocks of memory: what a checkpoint holds and a state hash covers.

Addresses differ from process to process, and how much has been sent is no state; where a block has
such a field, its copy has 0 instead, and restoring keeps what is there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from actors.exchange.flow_state import FLOW
from actors.exchange.history_state import HISTORY
from actors.exchange.ouch42_state import TOKENS
from actors.exchange.sequenced_log import LOG
from actors.exchange.venue import Counter, Venue
from actors.runtime.journal import hash_bytes

__all__ = ["COUNTED_INPUTS", "live_blocks", "restore_blocks", "state_hash", "without_addresses"]

#: Counters that count what inputs do; the others count what happened to connections.
COUNTED_INPUTS = (
    Counter.ORDERS_IN, Counter.CANCELS_IN, Counter.ACKS, Counter.FILLS, Counter.CANCELS,
    Counter.REJECTS, Counter.IGNORED, Counter.TRADES, Counter.MD_MESSAGES, Counter.FLOW_EVENTS,
    Counter.LATE_FLOW, Counter.FLOW_GONE, Counter.FLOW_OUT_OF_TURN, Counter.FLOW_REFUSED,
    Counter.REGIME_CHANGES, Counter.THROTTLED, Counter.DESERTIONS, Counter.TOKENS_FULL,
    Counter.CANCELS_PENDING, Counter.CANCELS_REJECTED, Counter.EXPIRIES, Counter.BROKEN_TRADES,
)

_NO_STATE = {"flow": (FLOW, ("regimes",)), "history": (HISTORY, ("events",)),
             "logs": (LOG, ("base", "capacity", "marks", "n_marks", "limit", "marked", "holds")),
             "tokens": (TOKENS, ("rows_at", "table_at"))}
_VENUE_FIELDS = ("phase", "flow_ns")


def live_blocks(venue: Venue) -> dict[str, np.ndarray]:
    """The venue's own memory, in the order of checkpoints."""
    blocks = {"engine": venue.engine.memory, "flow": venue.flow.state,
              "flow_symbols": venue.flow.symbols, "flow_slots": venue.flow.slots,
              "accounts": venue.accounts, "logs": venue.logs.logs}
    for field in _VENUE_FIELDS:
        blocks[field] = venue.record[field]
    if venue.history is not None:
        blocks["history"] = venue.history.state
    if venue.ouch42 is not None:
        blocks["tokens"], blocks["token_rows"] = venue.ouch42.tokens, venue.ouch42.rows
        blocks["token_tables"] = venue.ouch42.tables
    return blocks


def without_addresses(blocks: Mapping[str, np.ndarray]) -> None:
    """Zeroes the addresses in copies of the blocks (uint8)."""
    for name, (dtype, fields) in _NO_STATE.items():
        if name in blocks:
            rows = blocks[name].view(dtype)
            for field in fields:
                rows[field] = 0


def restore_blocks(venue: Venue, blocks: Mapping[str, np.ndarray]) -> None:
    """Makes the venue's state what ``blocks`` (uint8) say. ValueError if they do not fit it."""
    for name, live in live_blocks(venue).items():
        saved = blocks.get(name)
        if saved is None or saved.size != live.nbytes:
            has = "none" if saved is None else f"{saved.size:,} bytes"
            raise ValueError(f"its block '{name}' has {has}, {live.nbytes:,} are needed")
        value = saved.view(live.dtype).reshape(live.shape)
        kept = _NO_STATE.get(name, (None, ()))[1]
        for field in kept:
            value[field] = live[field]
        live[...] = value


def state_hash(venue: Venue) -> int:
    """64 bits that two venues share if their states are the same. Not while kernels run."""
    copies = {name: np.ascontiguousarray(live).reshape(-1).view(np.uint8).copy()
              for name, live in live_blocks(venue).items()}
    without_addresses(copies)
    return hash_copies(copies)


def hash_copies(copies: Mapping[str, np.ndarray]) -> int:
    """The state hash of copies without addresses."""
    digest = 0
    for copy in copies.values():
        digest = hash_bytes(copy.ctypes.data, copy.size, digest)
    return digest & 2**64 - 1
