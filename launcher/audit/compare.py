"""Where the actors' beliefs and the venue's word differ, in words. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from launcher.audit.account import (
    ORDER_ID_SPAN, Account, AccountOrder, Holding, held, strategy_of,
)
from launcher.audit.beliefs import (
    Belief, GatewayBelief, OrderBelief, RiskBelief, StrategyBelief, SymbolBelief,
)
from schemas.enums import OrderStatus, Side

__all__ = ["Difference", "compare", "compare_book"]

_STATE = {
    OrderStatus.NEW: "working", OrderStatus.PARTIALLY_FILLED: "working",
    OrderStatus.PENDING_CANCEL: "working", OrderStatus.PENDING_REPLACE: "working",
    OrderStatus.FILLED: "filled", OrderStatus.CANCELED: "canceled",
    OrderStatus.REPLACED: "replaced", OrderStatus.REJECTED: "rejected",
}
_MONEY = ("cash_e4", "cost_e4")
_WORDS = {"quantity": "position", "bought": "shares bought", "sold": "shares sold",
          "cash_e4": "cash", "cost_e4": "cost of the open shares",
          "open_buy": "shares open to buy", "open_sell": "shares open to sell"}


@dataclass(frozen=True)
class Difference:
    """One thing that ``actor`` has otherwise than the exchange. ``order``: for people; empty if it
    is about no single order."""

    actor: str
    symbol: str
    order: str
    what: str
    believed: str
    venue: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.symbol, self.order and f"order {self.order}")
                          if part)
        return (f"{self.actor}: {where + ': ' if where else ''}{self.what}: {self.believed}; "
                f"the exchange has {self.venue}")

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def compare(accounts: Mapping[str, Account], belief: Belief) -> list[Difference]:
    """Every difference between the venue's accounts, by username, and what the desk believes. It
    must be a moment at which nothing is on its way."""
    found: list[Difference] = []
    for username, account in accounts.items():
        found += [Difference("exchange", "", "", "contradiction", text, f"account {username}")
                  for text in account.contradictions]
    for gateway in belief.gateways:
        account = accounts.get(gateway.username)
        if account is None:
            found.append(Difference(gateway.actor, "", "", "account", gateway.username,
                                    f"the accounts {', '.join(accounts) or 'none'}"))
        else:
            found += _gateway(gateway, account, belief)
    desk = [accounts[name] for name in dict.fromkeys(g.username for g in belief.gateways)
            if name in accounts]
    for risk in belief.risks:
        found += _risk(risk, desk, belief)
    for strategy in belief.strategies:
        found += _strategy(strategy, desk, belief)
    return found


def compare_book(account: Account, resting: Mapping[int, int]) -> list[Difference]:
    """The exchange against itself: what it told the account, and what rests in its book.
    ``resting``: shares by reference number."""
    told = {order.ref: order for order in account.working()}
    found = []
    for ref in sorted(told.keys() | resting.keys()):
        order, shares = told.get(ref), resting.get(ref)
        if order is None or order.leaves != shares:
            found.append(Difference(
                "exchange", order.symbol if order else "", f"reference {ref}", "shares it told of",
                str(order.leaves if order else 0), f"{shares or 0} in its book"))
    return found


# ---- gateway ----------------------------------------------------------------------------------


def _gateway(gateway: GatewayBelief, account: Account, belief: Belief) -> Iterator[Difference]:
    known = {order.ref: order for order in gateway.orders}
    if gateway.taken != account.messages:
        yield Difference(gateway.actor, "", "", "messages of the venue handled",
                         f"{gateway.taken:,}", f"sent {account.messages:,}")
    for ref, order in known.items():
        yield from _order(gateway.actor, order, account.orders.get(ref), belief)
    for order in account.working():
        if order.ref not in known:
            yield Difference(gateway.actor, order.symbol, _named(belief, order.order_id), "order",
                             "not known", f"{order.leaves} shares working")


def _order(actor: str, mine: OrderBelief, theirs: AccountOrder | None,
           belief: Belief) -> Iterator[Difference]:
    name = _named(belief, mine.order_id)
    if theirs is None:
        if mine.status != OrderStatus.REJECTED:
            yield Difference(actor, mine.symbol, name, "order", mine.status.name, "no such order")
        return
    for what, believed, venue in (
        ("order id", mine.order_id, theirs.order_id),
        ("state", _STATE.get(mine.status, mine.status.name), theirs.state),
        ("shares open", mine.leaves, theirs.leaves),
        ("shares executed", mine.executed, theirs.executed),
        *((("side", mine.side, theirs.side), ("price in 1/10,000", mine.price_e4, theirs.price_e4),
           ("symbol", mine.symbol, theirs.symbol)) if theirs.symbol else ()),
    ):
        if believed is not None and believed != venue:
            yield Difference(actor, mine.symbol, name, what, str(believed), str(venue))


# ---- positions and working orders of risk and strategies --------------------------------------


def _risk(risk: RiskBelief, desk: list[Account], belief: Belief) -> Iterator[Difference]:
    working = _of(risk.strategies, desk)
    yield from _symbols(risk.actor, risk.symbols, _holdings(risk.strategies, desk), working)
    if risk.open_orders is not None:
        yield from _working(risk.actor, risk.open_orders, working, belief)


def _strategy(strategy: StrategyBelief, desk: list[Account],
              belief: Belief) -> Iterator[Difference]:
    mine = frozenset((strategy.strategy,))
    working = _of(mine, desk)
    yield from _symbols(strategy.actor, strategy.symbols, _holdings(mine, desk), working)
    yield from _working(strategy.actor, strategy.orders, working, belief)
    highest = max((order.order_id % ORDER_ID_SPAN for account in desk
                   for order in account.orders.values()
                   if strategy_of(order.order_id) == strategy.strategy), default=0)
    if highest > strategy.sent:
        yield Difference(strategy.actor, "", "", "orders ever sent", f"{strategy.sent:,}",
                         f"its number {highest:,}")


def _of(strategies: frozenset[int], desk: list[Account]) -> list[AccountOrder]:
    return [order for account in desk for order in account.working()
            if strategy_of(order.order_id) in strategies]


def _holdings(strategies: frozenset[int], desk: list[Account]) -> Mapping[str, Holding]:
    fills = [fill for account in desk for fill in account.fills
             if strategy_of(fill.order.order_id) in strategies]
    if len(desk) > 1:
        fills.sort(key=lambda fill: fill.time_ns)
    return held(fills)


def _symbols(actor: str, beliefs: Mapping[str, SymbolBelief], holdings: Mapping[str, Holding],
             working: list[AccountOrder]) -> Iterator[Difference]:
    open_ = _open_shares(working)
    for symbol in beliefs.keys() | holdings.keys():
        mine, theirs = beliefs.get(symbol), holdings.get(symbol, Holding())
        buy, sell = open_[symbol, Side.BUY], open_[symbol, Side.SELL]
        if mine is None:
            yield Difference(actor, symbol, "", "symbol", "not known", f"{theirs.quantity} shares")
            continue
        venue = {name: getattr(theirs, name) for name in (
            "quantity", "bought", "sold", "cash_e4", "cost_e4")} | {
            "open_buy": buy, "open_sell": sell}
        for name, value in venue.items():
            believed = getattr(mine, name)
            if believed is not None and believed != value:
                yield Difference(actor, symbol, "", _WORDS[name], _amount(name, believed),
                                 _amount(name, value))


def _open_shares(working: Iterable[AccountOrder]) -> defaultdict[tuple[str, int], int]:
    shares: defaultdict[tuple[str, int], int] = defaultdict(int)
    for order in working:
        shares[order.symbol, order.side] += order.leaves
    return shares


def _working(actor: str, mine: Iterable[OrderBelief], theirs: Iterable[AccountOrder],
             belief: Belief) -> Iterator[Difference]:
    by_id: dict[int, OrderBelief] = {}
    for order in mine:
        if order.order_id in by_id:
            yield Difference(actor, order.symbol, _named(belief, order.order_id), "order",
                             "kept twice", "it once at most")
        by_id[order.order_id] = order
    at_venue = {order.order_id: order for order in theirs}
    for order_id in sorted(by_id.keys() | at_venue.keys()):
        believed, venue = by_id.get(order_id), at_venue.get(order_id)
        name = _named(belief, order_id)
        if believed is None:
            yield Difference(actor, venue.symbol, name, "order", "not known",
                             f"{venue.leaves} shares working")
        elif venue is None:
            yield Difference(actor, believed.symbol, name, "order",
                             f"{believed.leaves} shares working", "it not working")
        elif believed.leaves != venue.leaves:
            yield Difference(actor, venue.symbol, name, "shares open", str(believed.leaves),
                             str(venue.leaves))


def _named(belief: Belief, order_id: int) -> str:
    number, count = strategy_of(order_id), order_id % ORDER_ID_SPAN
    return f"{belief.names.get(number, number)}/{count}"


def _amount(name: str, value: int) -> str:
    return f"{value / 1e4:,.4f}" if name in _MONEY else f"{value:,}"
