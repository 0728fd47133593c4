"""What the risk manager keeps: its tables, counters and log codes by place, and what is journaled.

Journaled, and so a function of the journal, are the trading state, the number of the last report,
positions but for what the market says (``MARKET_FIELDS``), open orders but for when they were sent,
and the highest order id seen of each strategy. Everything else begins anew with each incarnation:
quotes and marks come back with the market's next update, the bucket of the order rate is full.
"""

import numpy as np

from actors.risk.open_orders import MAP_ENTRY, MAP_HEADER, OPEN_ORDER, OpenOrders
from actors.runtime import kernel, table
from actors.runtime.numbering import NUMBERING
from actors.runtime.sweep import SWEEP

__all__ = ["MARKET_FIELDS", "RISK_STATE", "STRATEGIES", "UNJOURNALED_STATE", "numbering_of",
           "open_orders_of", "state_of", "sweep_of"]

APPROVED, REPORTS, POSITIONS_OUT, EVENTS = range(4)              # outputs
(STATE, POSITIONS, LIMITS_TABLE, RATE_TABLE, SLOTS, FREE, ENTRIES, MAP, HIGHEST, NUMBERING_TABLE,
 SWEEP_TABLE, OWN_COMMAND) = range(12)                          # tables
(CHECKED, PASSED, REJECTED, FILLS, REPORTS_SEEN, DUPLICATES, GAPS, QUERIES_SENT, QUERIES_SEEN,
 NEVER_ARRIVED) = range(10)                                      # counters
T2_T3 = 0                                                        # histograms
LIMIT_REJECT, STATE_CHANGE, GAP, ASKED, LOST_ON_THE_WAY = range(1, 6)  # log codes
(ORDER_JOURNALED, ORDER_PASSED_ON, ORDER_REFUSED, REPORT_JOURNALED, REPORT_APPLIED,
 REPORT_PASSED_ON, STATE_JOURNALED, QUERY_SENT) = range(1, 9)    # crash points

#: Order ids of strategies 0 to STRATEGIES - 1 are followed.
STRATEGIES = 1000

#: One record, shared. ``pnl_e4``: total profit, kept up with every fill and every mark.
#: ``last_report_seq``: number of the last report applied.
RISK_STATE = np.dtype([("trading_state", "i8"), ("pnl_e4", "i8"), ("lowest_pnl_e4", "i8"),
                       ("last_report_seq", "i8")])
UNJOURNALED_STATE = ("pnl_e4", "lowest_pnl_e4")
#: Of positions: what the market said last, and whether a change is to be published.
MARKET_FIELDS = ("bid_e4", "ask_e4", "last_e4", "mark_e4", "dirty")


@kernel
def state_of(ctx):
    """The RISK_STATE record."""
    return table(ctx, STATE, RISK_STATE)[0]


@kernel
def open_orders_of(ctx):
    """The open orders."""
    return OpenOrders(table(ctx, SLOTS, OPEN_ORDER), table(ctx, FREE, np.int64),
                      table(ctx, ENTRIES, MAP_ENTRY), table(ctx, MAP, MAP_HEADER))


@kernel
def numbering_of(ctx):
    """How reports are followed: the NUMBERING record."""
    return table(ctx, NUMBERING_TABLE, NUMBERING)[0]


@kernel
def sweep_of(ctx):
    """The sweep over orders without an answer: the SWEEP record."""
    return table(ctx, SWEEP_TABLE, SWEEP)[0]
