"""The audit: what every actor of the desk believes, held against the exchange's own journal.

``venue`` replays the journal and gives the venue's messages to the desk's account, ``account``
makes orders, fills and positions of them, ``beliefs`` reads the actors' shared tables, ``compare`` tells
the differences in words, ``live`` does all of that to a deployment.
"""

from launcher.audit.account import Account, AccountOrder, fold_messages
from launcher.audit.beliefs import (
    Belief, GatewayBelief, OrderBelief, RiskBelief, StrategyBelief, SymbolBelief,
)
from launcher.audit.compare import Difference, compare
from launcher.audit.live import Audit, NotQuiet, audit, trading_held

__all__ = ["Account", "AccountOrder", "Audit", "Belief", "Difference", "GatewayBelief",
           "NotQuiet", "OrderBelief", "RiskBelief", "StrategyBelief", "SymbolBelief", "audit",
           "compare", "fold_messages", "trading_held"]
