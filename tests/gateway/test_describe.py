"""The gateway's log lines, word for word."""

import pytest

from actors.gateway.describe import describe
from actors.gateway.state import Event
from schemas.enums import RejectReason, Side, TimeInForce

ID = 3 * 10**11 + 12456
IOC = TimeInForce.IOC


@pytest.mark.parametrize("event, values, level, text", [
    (Event.ORDER, (ID, Side.BUY, 50, 0, 150_3000, IOC), "INFO",
     "order 12456 BUY 50 AAPL @ 150.30 IOC"),
    (Event.ORDER, (ID, Side.SELL, 5, 1, 1_2345, TimeInForce.DAY), "INFO",
     "order 12456 SELL 5 MSFT @ 1.2345 DAY"),
    (Event.FILL, (ID, 50, 150_3000, 38_400, 0, 0), "INFO",
     "fill 12456 50 @ 150.30 · tick-to-trade 38 µs"),
    (Event.FILL, (ID, 50, 150_3000, 0, 0, 0), "INFO", "fill 12456 50 @ 150.30"),
    (Event.REJECTED, (ID, RejectReason.VENUE_PRICE, 0x1D, 0, 0, 0), "WARNING",
     "reject 12456: VENUE_PRICE (invalid price)"),
    (Event.REJECTED, (ID, RejectReason.NOT_CONNECTED, 0, 0, 0, 0), "WARNING",
     "reject 12456: NOT_CONNECTED"),
    (Event.CANCEL, (ID, 0, 40, 0, 0, 0), "INFO", "cancel 12456 40 AAPL"),
    (Event.CANCEL, (ID, 15, 40, 0, 0, 0), "INFO", "cancel 12456 down to 15 of 40 AAPL"),
    (Event.CANCELED, (ID, 40, ord("I"), 0, 0, 0), "INFO",
     "canceled 12456 40 (immediate or cancel)"),
    (Event.CANCELED, (ID, 25, ord("U"), 15, 0, 0), "INFO", "canceled 12456 25, 15 left (user)"),
])
def test_lines_read_as_documented(event, values, level, text):
    assert describe(event, values, ("AAPL", "MSFT")) == (level, text)


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_words(event):
    level, text = describe(event, (1, 1, 1, 0, 1, 1), ("AAPL",))
    assert level in ("INFO", "WARNING", "ERROR") and text


def test_a_code_that_is_not_ours_is_left_to_others():
    assert describe(9999, (0,) * 6, ()) is None
