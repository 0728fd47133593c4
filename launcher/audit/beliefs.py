"""What the actors believe of the desk's orders and positions: their shared tables, read as data.

An actor's next incarnation starts from these tables, and its handlers use nothing else, so what is
in them is what it believes. Which tables there are, the actors' pages say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from actors.runtime.plan import Plan
from launcher.operate.deployment import Deployment
from schemas.enums import OrderStatus

__all__ = ["Belief", "GatewayBelief", "OrderBelief", "RiskBelief", "StrategyBelief",
           "SymbolBelief", "read_beliefs"]

_WORKING = (OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED,
            OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE, OrderStatus.UNKNOWN)
_BELIEVERS = ("gateway", "risk", "strategy")
_UNANSWERED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN)


@dataclass(frozen=True)
class OrderBelief:
    """An order as an actor has it. What an actor does not keep is None. ``executed`` counts the
    shares of this order alone."""

    order_id: int
    symbol: str
    status: OrderStatus
    leaves: int
    ref: int | None = None
    side: int | None = None
    price_e4: int | None = None
    executed: int | None = None

    @property
    def is_working(self) -> bool:
        return self.status in _WORKING

    @property
    def is_unanswered(self) -> bool:
        return self.status in _UNANSWERED


@dataclass(frozen=True)
class SymbolBelief:
    """What an actor holds of one symbol. ``open_buy`` and ``open_sell`` are shares that its orders
    may still trade. What it does not keep is None."""

    quantity: int
    open_buy: int
    open_sell: int
    bought: int | None = None
    sold: int | None = None
    cash_e4: int | None = None
    cost_e4: int | None = None


@dataclass(frozen=True)
class GatewayBelief:
    """``taken``: how many of the venue's messages it has handled; ``unanswered``: orders that wait
    for the venue's word."""

    actor: str
    username: str
    orders: tuple[OrderBelief, ...]
    taken: int
    unanswered: int
    active: bool = True


@dataclass(frozen=True)
class RiskBelief:
    """``strategies``: whose orders pass here; ``open_orders``: None if it does not show them."""

    actor: str
    strategies: frozenset[int]
    symbols: dict[str, SymbolBelief]
    open_orders: tuple[OrderBelief, ...] | None = None


@dataclass(frozen=True)
class StrategyBelief:
    """``orders`` are those it has not heard the end of; ``sent``: how many it ever sent."""

    actor: str
    strategy: int
    symbols: dict[str, SymbolBelief]
    orders: tuple[OrderBelief, ...]
    sent: int = 0


@dataclass(frozen=True)
class Belief:
    """All of them, at one moment. ``silent``: gateways, risk managers and strategies that show
    nothing to compare."""

    gateways: tuple[GatewayBelief, ...] = ()
    risks: tuple[RiskBelief, ...] = ()
    strategies: tuple[StrategyBelief, ...] = ()
    names: dict[int, str] = field(default_factory=dict)  #: of strategies, by their number
    silent: tuple[str, ...] = ()

    @property
    def unanswered(self) -> int:
        """Orders whose fate somebody waits to hear."""
        return sum(g.unanswered for g in self.gateways) + sum(
            order.is_unanswered for s in self.strategies for order in s.orders)


def read_beliefs(deployment: Deployment) -> Belief:
    """What every gateway, risk manager and strategy of the deployment believes now."""
    plan, gateways, risks, strategies, silent = deployment.plan, [], [], [], []
    for actor in plan.actors:
        tables = _Tables(deployment, actor.name)
        if tables.has("link", "gateway", "orders"):
            gateways.append(_gateway(plan, actor.name, actor.config, tables))
        elif tables.has("state", "symbols", "orders"):
            strategies.append(_strategy(plan, actor.name, tables))
        elif tables.has("positions") and {"open_buy", "cash_e4"} <= set(
                tables["positions"].dtype.names or ()):
            risks.append((actor.name, tables))
        elif tables.kind in _BELIEVERS:
            silent.append(actor.name)
    numbers = {s.actor: s.strategy for s in strategies}
    return Belief(tuple(gateways),
                  tuple(_risk(plan, name, tables, numbers) for name, tables in risks),
                  tuple(strategies), {number: name for name, number in numbers.items()},
                  tuple(silent))


class _Tables:
    """Copies of an actor's shared tables, each made when it is first asked for."""

    def __init__(self, deployment: Deployment, actor: str):
        self._deployment, self._actor = deployment, actor
        page = deployment.vitals(actor)
        self._described = page.description.get("tables", {}) if page else {}
        #: Of the actor's class; None before it has a page.
        self.kind: str | None = page.description.get("kind") if page else None
        self._copies: dict[str, np.ndarray] = {}

    def has(self, *names: str) -> bool:
        return all(name in self._described for name in names)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._copies:
            table = self._deployment.table(self._actor, name)
            self._copies[name] = np.zeros(0) if table is None else table.copy()
        return self._copies[name]


def _gateway(plan: Plan, name: str, config: dict, tables: _Tables) -> GatewayBelief:
    rows = tables["orders"]
    by_ref = {int(row["ref"]): row for row in rows[rows["ref"] != 0]}
    orders = []
    for ref, row in by_ref.items():
        before = by_ref.get(int(row["replaces"]))
        executed = int(row["cum"]) - (int(before["cum"]) if before is not None else 0)
        orders.append(OrderBelief(
            int(row["order_id"]), _symbol(plan, row), OrderStatus(int(row["status"])),
            int(row["leaves"]), ref, int(row["side"]), int(row["price_e4"]),
            None if row["replaces"] and before is None else executed))
    link = tables["link"][0]
    return GatewayBelief(name, str(config.get("username", "DESK01")).upper(), tuple(orders),
                         max(int(link["next_sequence"]) - 1, 0),
                         sum(order.is_unanswered for order in orders), int(link["state"]) == 1)


def _risk(plan: Plan, name: str, tables: _Tables, numbers: dict[str, int]) -> RiskBelief:
    symbols = {symbol: SymbolBelief(*(int(row[f]) for f in (
        "quantity", "open_buy", "open_sell", "bought", "sold", "cash_e4", "cost_e4")))
        for symbol, row in zip(plan.symbols, tables["positions"], strict=True)}
    mine = frozenset(numbers[actor] for actor in _upstream(plan, name) if actor in numbers)
    open_orders = None
    if tables.has("slots") and {"order_id", "leaves"} <= set(tables["slots"].dtype.names or ()):
        slots = tables["slots"]
        open_orders = tuple(
            OrderBelief(int(row["order_id"]), _symbol(plan, row), OrderStatus.NEW,
                        int(row["leaves"]), side=int(row["side"]))
            for row in slots[slots["order_id"] != 0])
    return RiskBelief(name, mine, symbols, open_orders)


def _upstream(plan: Plan, name: str) -> Iterator[str]:
    """The actors whose orders come to ``name``, directly or through others."""
    for wire in plan.inputs_of(name):
        if wire.message == "OrderCommand":
            yield wire.source_actor
            yield from _upstream(plan, wire.source_actor)


def _strategy(plan: Plan, name: str, tables: _Tables) -> StrategyBelief:
    rows, state = tables["orders"], tables["state"][0]
    orders = tuple(
        OrderBelief(int(row["order_id"]), _symbol(plan, row), OrderStatus(int(row["status"])),
                    int(row["leaves"]), None, int(row["side"]), int(row["price_e4"]),
                    int(row["quantity"]) - int(row["leaves"]))
        for row in rows[rows["order_id"] != 0])
    symbols = {symbol: SymbolBelief(int(row["position"]), int(row["working_buy"]),
                                    int(row["working_sell"]))
               for symbol, row in zip(plan.symbols, tables["symbols"], strict=True)}
    return StrategyBelief(name, int(state["strategy_id"]), symbols, orders, int(state["orders"]))


def _symbol(plan: Plan, row: np.void) -> str:
    number = int(row["symbol_id"])
    return plan.symbols[number] if 0 <= number < len(plan.symbols) else f"#{number}"


