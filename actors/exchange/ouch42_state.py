"""Order tokens: how an account that speaks OUCH 4.2 names its orders, and what they are here.

A token is used once a day, so it is kept for the day. It stands for a UserRefNum of the account,
which count upwards from 1, so that the tokens of an account are rows in the order of their use, and
a hash table finds a token's row. How many there may be is bounded; beyond that an account has no
more orders today.

Accounts that speak OUCH 4.2 are numbered behind those that speak OUCH 5.0: account ``a`` of the
config is ``a`` on one port and ``OUCH42.first + a`` on the other, as if they were two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros, kernel, record_at
from actors.exchange.sequenced_log import MAX_MESSAGE
from actors.exchange.venue import account_at, venue_at
from schemas.venue import ouch42
from schemas.venue.big_endian import fill, get_raw4, get_raw8, put_bytes, put_raw4

__all__ = ["OUCH42", "Ouch42", "TOKENS", "add_token", "allocate_ouch42", "firm_of", "forget_token",
           "has_room", "is_ouch42", "ouch42_at", "token_of", "user_ref_of"]

_TOKEN = ouch42.ORDER_TOKEN_LENGTH
_ROW, _FIRM_AT = 24, 16  # a token and the firm that its order was entered for
_TAIL_AT = _TOKEN - 8
_BLANK = ord(" ")

#: One account's tokens. ``rows_at``: a row for each UserRefNum, from 1. ``table_at``: int32
#: UserRefNums, 0 where there is none, ``mask`` + 1 of them; ``shift`` leaves as many top bits.
TOKENS = np.dtype([("rows_at", "i8"), ("table_at", "i8"), ("mask", "i8"), ("limit", "i8"),
                   ("shift", "u8"), ("multiplier", "u8"), ("reserved", "i8", (2,))])
_CELL = np.dtype([("user_ref", "i4")])
_CELL_BYTES = _CELL.itemsize

#: ``first``: the account number of the first that speaks OUCH 4.2; ``tokens_at``: TOKENS records.
#: ``request_at`` is the address of the request being carried out, ``written_at`` of room for the
#: same in OUCH 5.0, ``reply_at`` of room for a reply in OUCH 5.0.
OUCH42 = np.dtype([("first", "i8"), ("tokens_at", "i8"), ("request_at", "i8"), ("written_at", "i8"),
                   ("reply_at", "i8"), ("reserved", "i8", (3,)), ("written", "u1", (128,)),
                   ("reply", "u1", (-(-MAX_MESSAGE // 8) * 8,))])


class Ouch42(NamedTuple):
    """``state``: one OUCH42; ``tokens``: TOKENS by account; ``rows`` and ``tables`` are what they
    point to, touched only as used."""

    state: np.ndarray
    tokens: np.ndarray
    rows: np.ndarray
    tables: np.ndarray


def allocate_ouch42(n_accounts: int, tokens: int, seed: int | None = None) -> Ouch42:
    """For accounts of up to ``tokens`` tokens a day each, some 40 bytes a token. The hash is drawn
    from ``seed``, by default one that no client can know."""
    size = 1 << (2 * tokens - 1).bit_length()
    state, records = aligned_zeros(1, OUCH42), aligned_zeros(n_accounts, TOKENS)
    rows = np.zeros((n_accounts, tokens, _ROW), np.uint8)
    tables = np.zeros((n_accounts, size), np.int32)
    multiplier = int(np.random.default_rng(seed).integers(2**64, dtype=np.uint64)) | 1
    for record, own, table in zip(records, rows, tables):
        record["rows_at"], record["table_at"] = own.ctypes.data, table.ctypes.data
        record["mask"], record["limit"] = size - 1, tokens
        record["shift"], record["multiplier"] = 64 - (size - 1).bit_length(), multiplier
    row, base = state[0], state.ctypes.data
    row["first"], row["tokens_at"] = n_accounts, records.ctypes.data
    row["written_at"] = base + OUCH42.fields["written"][1]
    row["reply_at"] = base + OUCH42.fields["reply"][1]
    return Ouch42(state, records, rows, tables)


# --- kernels ----------------------------------------------------------------------------------


@kernel
def ouch42_at(venue):
    """The OUCH42 record, of a venue that has one."""
    return record_at(venue_at(venue).ouch42, 0, OUCH42)


@kernel
def is_ouch42(venue, account):
    """Whether the account of this number speaks OUCH 4.2."""
    return venue_at(venue).ouch42 != 0 and account >= ouch42_at(venue).first


@kernel
def _tokens(venue, account):
    state = ouch42_at(venue)
    return record_at(state.tokens_at, np.int64(account) - state.first, TOKENS)


@kernel
def token_of(venue, account, user_ref):
    """Address of the token of an order."""
    return _tokens(venue, account).rows_at + (np.int64(user_ref) - 1) * _ROW


@kernel
def firm_of(venue, account, user_ref):
    """The firm that an order was entered for, four letters in memory order."""
    return get_raw4(token_of(venue, account, user_ref), _FIRM_AT)


@kernel
def _cell(venue, account, token_at):
    """Address of the cell that has the token, or where it belongs."""
    tokens = _tokens(venue, account)
    head, tail = get_raw8(token_at, 0), get_raw8(token_at, _TAIL_AT)
    mixed = (np.uint64(head) * tokens.multiplier) ^ np.uint64(tail)
    at = np.int64((mixed * tokens.multiplier) >> tokens.shift)
    while True:
        cell = record_at(tokens.table_at, at, _CELL)
        if cell.user_ref == 0:
            break
        row = tokens.rows_at + (np.int64(cell.user_ref) - 1) * _ROW
        if get_raw8(row, 0) == head and get_raw8(row, _TAIL_AT) == tail:
            break
        at = (at + 1) & tokens.mask
    return tokens.table_at + at * _CELL_BYTES


@kernel
def user_ref_of(venue, account, token_at):
    """The UserRefNum that the 14 bytes at ``token_at`` stand for, or 0."""
    return np.int64(record_at(_cell(venue, account, token_at), 0, _CELL).user_ref)


@kernel
def has_room(venue, account):
    """Whether the account may use another token."""
    return account_at(venue, account).last_user_ref < _tokens(venue, account).limit


@kernel
def add_token(venue, account, token_at, firm):
    """Let a token that is new stand for the account's next UserRefNum, which is returned."""
    user_ref = account_at(venue, account).last_user_ref + 1
    row = token_of(venue, account, user_ref)
    record_at(_cell(venue, account, token_at), 0, _CELL).user_ref = user_ref
    fill(row, 0, _FIRM_AT, _BLANK)
    put_bytes(row, 0, token_at, _TOKEN)
    put_raw4(row, _FIRM_AT, firm)
    return user_ref


@kernel
def forget_token(venue, account, token_at):
    """Undo the last :func:`add_token`."""
    record_at(_cell(venue, account, token_at), 0, _CELL).user_ref = 0
