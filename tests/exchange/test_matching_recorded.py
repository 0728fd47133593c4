"""A recorded hour of Nasdaq through the matching engine: does it match as the real one did?

The recording (LOBSTER, AAPL, 21 June 2012) is not part of the project; without it the test skips.
"""

import csv
import itertools

from actors.exchange.engine_state import EventKind
from tests.book.recordings import LOBSTER_HOUR, recorded
from tests.exchange.matching_support import BUY, DAY, IOC, LIMIT, SELL, Pair

SUBMIT, REDUCE, DELETE, EXECUTE = "1", "2", "3", "4"
COUNT = 20_000


@recorded(LOBSTER_HOUR)
def test_recorded_orders_execute_against_the_orders_that_the_recording_names():
    """Each recorded execution becomes an immediate order of its size and price from the other side.

    What rested before the recording began is missing here, and so is what traded against it: such
    messages are left out. Of the others, nearly all must execute the very order they did; the
    source executes a few out of turn, and each leaves another order in the place it should have.
    """
    market = Pair(symbols=1, orders=20_000, levels=4_000, per_side=2_000, events=256)
    known, takers = market.reference.orders, itertools.count(1)
    same = other = 0
    with LOBSTER_HOUR.open() as file:
        for _, kind, order_id, size, price, direction in itertools.islice(csv.reader(file), COUNT):
            ref, size, price = int(order_id), int(size), int(price)
            side, against = (BUY, SELL) if direction == "1" else (SELL, BUY)
            if kind == SUBMIT:
                market.call("submit", 1, ref, 0, side, LIMIT, price, size, DAY, 0)
            elif (1, ref) not in known:
                continue
            elif kind == EXECUTE:
                _, events = market.call("submit", 2, next(takers), 0, against, LIMIT, price, size,
                                        IOC, 0)
                fills = [e for e in events if e.kind == EventKind.EXECUTED]
                if [(e.user_ref, e.quantity, e.price_e4) for e in fills] == [(ref, size, price)]:
                    same += 1
                else:
                    other += 1
            elif kind in (REDUCE, DELETE):
                order = known[1, ref]
                left = order.quantity - size if kind == REDUCE else 0
                market.call("cancel", 1, ref, order.executed + left if left > 0 else 0)
    market.check_fingerprint()
    assert same > 1_000
    assert same > 0.95 * (same + other)
