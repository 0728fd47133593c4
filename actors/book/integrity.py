"""A slow, complete check of an order book's structure, for tests and for a look after an incident.

Plain Python on purpose: it shares no code with the kernels it judges.
"""

import numpy as np

from actors.book.book_memory import HIDDEN, OrderBook

__all__ = ["check_integrity"]


def check_integrity(book: OrderBook) -> list[str]:
    """Everything that is wrong with the book, one sentence each; empty when it is sound."""
    problems: list[str] = []
    slots: dict[int, int] = {}
    levels: set[int] = set()
    for row in range(book.sides.size):
        _check_side(book, row, slots, levels, problems)
    _check_index(book, slots, problems)
    _check_free(book, set(slots), levels, problems)
    return problems


def _check_side(book, row, slots, levels, problems) -> None:
    side = book.sides[row]
    displayed = int(book.ladders[0]["hidden"])
    hidden = row >= displayed
    name = f"symbol {row % displayed // 2} {'hidden ' * hidden}{'bids' if row % 2 == 0 else 'asks'}"
    start, depth = int(side["first"]), int(side["depth"])
    if not 0 <= depth <= side["capacity"]:
        problems.append(f"{name}: depth {depth} is beyond the capacity {side['capacity']}")
        return
    if hidden and book.sides[row - displayed]["hidden"] != depth:
        problems.append(f"{name}: {depth} levels, but the displayed side says "
                        f"{book.sides[row - displayed]['hidden']}")
    rungs = book.rungs[start : start + depth]
    if np.any(rungs["rank"][1:] <= rungs["rank"][:-1]):
        problems.append(f"{name}: the ladder is not strictly sorted: {rungs['rank'].tolist()}")
    best = (int(rungs["rank"][-1]), int(rungs["level"][-1])) if depth else (-(2**63) + 1, -1)
    if best != (side["best_rank"], side["best_level"]):
        problems.append(f"{name}: the cached best {side} is not the last rung {best}")
    for rung in rungs:
        index = int(rung["level"])
        if index in levels:
            problems.append(f"{name}: level {index} is on a ladder twice")
            continue
        levels.add(index)
        level = book.levels[index]
        price = int(rung["rank"]) if row % 2 == 0 else -int(rung["rank"])
        if level["price_e4"] != price or level["row"] != row:
            problems.append(f"{name}: level {index} {level} does not belong at price {price}")
        _check_queue(book, row, index, f"{name} at {price}", slots, problems)


def _check_queue(book, row, index, name, slots, problems) -> None:
    level = book.levels[index]
    total, count, before, slot = 0, 0, -1, int(level["head"])
    while slot >= 0:
        order = book.orders[slot]
        if slot in slots:
            problems.append(f"{name}: slot {slot} is in a queue twice")
            return
        slots[slot] = int(order["key"])
        displayed = int(book.ladders[0]["hidden"])
        expected = (row % displayed // 2, row % 2 + 1, int(level["price_e4"]), index, before,
                    int(row >= displayed))
        found = tuple(int(order[f]) for f in ("symbol", "side", "price_e4", "level", "prev"))
        found += (int(order["attributes"]) & HIDDEN,)
        if found != expected:
            problems.append(f"{name}: slot {slot} says {found}, its place says {expected}")
        if order["quantity"] == 0:
            problems.append(f"{name}: slot {slot} rests with nothing left")
        total += int(order["quantity"])
        count += 1
        before, slot = slot, int(order["next"])
    if before != level["tail"]:
        problems.append(f"{name}: the queue ends at {before}, its tail is {level['tail']}")
    if (total, count) != (int(level["quantity"]), int(level["orders"])) or count == 0:
        problems.append(f"{name}: {count} orders of {total} in all, but the level says {level}")


def _check_index(book, slots, problems) -> None:
    used = book.entries[book.entries["slot"] >= 0]
    indexed = dict(zip(used["slot"].tolist(), used["key"].tolist()))
    if indexed != slots:
        wrong = sorted(set(indexed.items()) ^ set(slots.items()))
        problems.append(f"index and queues differ in (slot, key): {wrong[:10]}")
    if len(used) != book.index["count"][0]:
        problems.append(f"the index says {book.index['count'][0]} keys, it holds {len(used)}")


def _check_free(book, slots, levels, problems) -> None:
    pools = (
        ("order", book.orders["next"], book.book[0], slots),
        ("level", book.levels["head"], book.ladders[0], levels),
    )
    for name, links, pool, used in pools:
        free: set[int] = set()
        at = int(pool["free"])
        while at >= 0 and at not in free:
            free.add(at)
            at = int(links[at])
        if at >= 0:
            problems.append(f"{name} pool: the free list runs in a circle at {at}")
        if len(free) != pool["available"]:
            problems.append(f"{name} pool: {len(free)} free, but it says {pool['available']}")
        if free & used or len(free) + len(used) != len(links):
            problems.append(f"{name} pool: {len(free)} free and {len(used)} used of {len(links)}")
