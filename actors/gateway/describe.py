"""The gateway's log lines."""

from __future__ import annotations

from actors.gateway.state import Event
from actors.gateway.venue_words import cancel_word, reject_word
from schemas.enums import RejectReason, Side, TimeInForce
from schemas.venue.ouch50 import EventCode

__all__ = ["ORDER_ID_SPAN", "describe"]

#: An order id is strategy * span + the strategy's own count; people read the count.
ORDER_ID_SPAN = 10**11
_E4 = 10_000


def describe(code: int, values: tuple[int, ...],
             symbols: tuple[str, ...]) -> tuple[str, str] | None:
    """Level and text of a log record left by a handler; None for a code that is not ours."""
    try:
        event = Event(code)
    except ValueError:
        return None
    return _WRITERS[event](values, symbols)


def _label(order_id: int) -> int:
    return order_id % ORDER_ID_SPAN


def _symbol(symbol_id: int, symbols: tuple[str, ...]) -> str:
    return symbols[symbol_id] if 0 <= symbol_id < len(symbols) else f"#{symbol_id}"


def _price(price_e4: int) -> str:
    """Two decimals, or as many of the four as it needs."""
    cents, rest = divmod(price_e4, 100)
    return f"{cents / 100:.2f}" if rest == 0 else f"{price_e4 / _E4:.4f}"


def _terms(values, symbols) -> str:
    order_id, side, quantity, symbol_id, price_e4, time_in_force = values
    return (f"{_label(order_id)} {Side(side).name} {quantity} {_symbol(symbol_id, symbols)} "
            f"@ {_price(price_e4)} {TimeInForce(time_in_force).name}")


def _order(values, symbols):
    return "INFO", f"order {_terms(values, symbols)}"


def _replace(values, symbols):
    return "INFO", f"replace by {_terms(values, symbols)}"


def _cancel(values, symbols):
    order_id, leave, leaves, symbol_id = values[:4]
    what = f"down to {leave} of {leaves}" if leave else f"{leaves}"
    return "INFO", f"cancel {_label(order_id)} {what} {_symbol(symbol_id, symbols)}"


def _fill(values, symbols):
    order_id, quantity, price_e4, tick_to_trade_ns = values[:4]
    text = f"fill {_label(order_id)} {quantity} @ {_price(price_e4)}"
    if tick_to_trade_ns > 0:
        text += f" · tick-to-trade {tick_to_trade_ns / 1000:,.0f} µs"
    return "INFO", text


def _canceled(values, symbols):
    order_id, removed, letter, leaves = values[:4]
    left = f", {leaves} left" if leaves else ""
    return "INFO", f"canceled {_label(order_id)} {removed}{left} ({cancel_word(letter)})"


def _rejected(values, symbols):
    order_id, reason, code = values[:3]
    by = f" ({reject_word(code)})" if code else ""
    return "WARNING", f"reject {_label(order_id)}: {RejectReason(reason).name}{by}"


def _timeout(values, symbols):
    order_id, timeout_ns, due = values[:3]
    then = "it will be cancelled at the next login" if due else "cancel sent"
    return "WARNING", (f"timeout {_label(order_id)}: no answer from the venue within "
                       f"{timeout_ns / 1e6:g} ms, {then}")


def _closed(values, symbols):
    order_id, shares, unanswered = values[:3]
    never = ", never answered" if unanswered else ""
    return "WARNING", f"canceled {_label(order_id)} {shares}{never}: the venue's session is over"


def _bad_message(values, symbols):
    sequence, size, first = values[:3]
    data = first.to_bytes(8, "little")[:min(size, 7)]
    return "ERROR", (f"message {sequence:,} of {size} bytes is no OUCH 5.0 response: "
                     f"{data.hex(' ')} (further ones are counted only)")


def _unknown_order(values, symbols):
    kind, ref, sequence = values[:3]
    return "WARNING", (f"message {sequence:,} of type {chr(kind)!r} is about order reference "
                       f"{ref}, which this gateway does not have (further ones are counted only)")


def _orphan(values, symbols):
    ref, sent, sequence = values[:3]
    return "ERROR", (f"the venue accepted order reference {ref} in message {sequence:,}, which "
                     f"nobody here expects: cancel {'sent' if sent else 'could not be sent'}")


def _broken_trade(values, symbols):
    order_id, match, reason = values[:3]
    return "ERROR", (f"the venue broke trade {match} of order {_label(order_id)} (reason "
                     f"{chr(reason)!r}): positions are not corrected for it")


def _venue_event(values, symbols):
    try:
        word = EventCode(values[0]).name.lower().replace("_", " ")
    except ValueError:
        word = f"system event {chr(values[0])!r}"
    return "INFO", f"venue: {word}"


def _accepting(values, symbols):
    next_ref, live = values[:2]
    return "INFO", f"ready for orders, next reference {next_ref}, {live} live"


def _overfill(values, symbols):
    order_id, quantity, leaves = values[:3]
    return "ERROR", (f"the venue filled {quantity} of order {_label(order_id)}, which had {leaves} "
                     f"open")


def _lease_lost(values, symbols):
    cancels, grace_ns, live = values[:3]
    then = f"are cancelled if it is not back in {grace_ns / 1e6:g} ms" if cancels else "stay"
    return "WARNING", (f"supervisor or risk does not renew its lease: new orders are refused, "
                       f"{live} working orders {then}")


def _lease_back(values, symbols):
    return "INFO", f"the lease is back after {values[0] / 1e6:.0f} ms"


def _cancelling(values, symbols):
    why = "the lease is lost" if values[0] < 0 else f"request {values[0]}"
    return "WARNING", f"cancelling working orders: {why}"


def _cancelled_all(values, symbols):
    return "INFO", f"no working order is left that was to be cancelled ({values[1]} were asked for)"


_WRITERS = {
    Event.ORDER: _order, Event.REPLACE: _replace, Event.CANCEL: _cancel, Event.FILL: _fill,
    Event.CANCELED: _canceled, Event.REJECTED: _rejected, Event.TIMEOUT: _timeout,
    Event.CLOSED: _closed, Event.BAD_MESSAGE: _bad_message, Event.UNKNOWN_ORDER: _unknown_order,
    Event.ORPHAN: _orphan, Event.BROKEN_TRADE: _broken_trade, Event.VENUE_EVENT: _venue_event,
    Event.ACCEPTING: _accepting, Event.OVERFILL: _overfill,
    Event.LEASE_LOST: _lease_lost, Event.LEASE_BACK: _lease_back, Event.CANCELLING: _cancelling,
    Event.CANCELLED_ALL: _cancelled_all,
}
