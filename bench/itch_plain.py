"""ITCH 5.0 in plain Python, as one would write it first: ``struct``, dictionaries, no kernel."""

from __future__ import annotations

import struct
from collections import defaultdict

import numpy as np

__all__ = ["Books", "parse_all", "skip"]

_HEADER = struct.Struct(">cHHHI")  # type, locate, tracking number, time in two parts
_FIELDS = {kind: struct.Struct(">" + fields) for kind, fields in {
    b"A": "QBI8sI", b"F": "QBI8sI4x", b"D": "Q", b"E": "QIQ", b"U": "QQII", b"X": "QI",
    b"C": "QIQBI", b"P": "QBI8sIQ", b"R": "8s20x"}.items()}


def skip(buffer: np.ndarray, position: int, messages: int) -> int:
    """The offset that lies so many messages behind ``position``."""
    for _ in range(messages):
        position += 2 + int(buffer[position]) * 256 + int(buffer[position + 1])
    return position


def _messages(data: bytes):
    """(type, locate, the header's other fields added up, the fields) of each message."""
    position = 0
    while position < len(data):
        length = data[position] << 8 | data[position + 1]
        kind, locate, tracking, high, low = _HEADER.unpack_from(data, position + 2)
        yield (kind, locate, tracking + (high << 32) + low,
               _FIELDS[kind].unpack_from(data, position + 2 + _HEADER.size))
        position += 2 + length


def parse_all(data: bytes) -> tuple[int, int]:
    """How many messages there are, and the sum of all fields; of a stock its first two letters."""
    count = total = 0
    for _, locate, rest, fields in _messages(data):
        count += 1
        total += locate + rest
        for value in fields:
            total += value[0] | value[1] << 8 if isinstance(value, bytes) else value
    return count, total


class Books:
    """Orders by number, and by symbol and side the price levels and the best of them."""

    def __init__(self):
        self.orders: dict[int, list] = {}
        self.sides: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        self.best: dict[tuple[int, int], int] = {}
        self.last: dict[int, tuple[int, int]] = {}

    def apply_all(self, data: bytes) -> int:
        count = 0
        for kind, locate, _, fields in _messages(data):
            count += 1
            if kind in b"AF":
                reference, side, shares, _, price = fields
                self._add(reference, (locate, side), shares, price)
            elif kind == b"D":
                self._reduce(fields[0], None)
            elif kind == b"E":
                self._trade(fields[0], fields[1], None)
            elif kind == b"U":
                old, new, shares, price = fields
                side = self.orders[old][0]
                self._reduce(old, None)
                self._add(new, side, shares, price)
            elif kind == b"X":
                self._reduce(fields[0], fields[1])
            elif kind == b"C":
                self._trade(fields[0], fields[1], fields[4])
            elif kind == b"P":
                self.last[locate] = fields[4], fields[2]
        return count

    def _add(self, reference: int, side: tuple[int, int], shares: int, price: int) -> None:
        self.orders[reference] = [side, price, shares]
        levels = self.sides[side]
        levels[price] = levels.get(price, 0) + shares
        best = self.best.get(side)
        if best is None or (price > best if side[1] == 66 else price < best):
            self.best[side] = price

    def _trade(self, reference: int, shares: int, price: int | None) -> None:
        side, own, _ = self.orders[reference]
        self.last[side[0]] = price or own, shares
        self._reduce(reference, shares)

    def _reduce(self, reference: int, shares: int | None) -> None:
        order = self.orders[reference]
        side, price, has = order
        taken = has if shares is None else shares
        order[2] -= taken
        if order[2] == 0:
            del self.orders[reference]
        levels = self.sides[side]
        levels[price] -= taken
        if levels[price] == 0:
            del levels[price]
            if price == self.best[side]:
                if levels:
                    self.best[side] = max(levels) if side[1] == 66 else min(levels)
                else:
                    del self.best[side]

    def levels(self) -> dict[tuple[int, int], dict[int, int]]:
        """(symbol from 0, 1 bids or 2 asks) to price to shares."""
        return {(locate - 1, 1 if side == 66 else 2): levels
                for (locate, side), levels in self.sides.items() if levels}
