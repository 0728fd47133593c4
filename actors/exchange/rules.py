"""What the exchange's config says about trading, told to the matching engine."""

from collections.abc import Sequence

from actors.exchange.config import ExchangeConfig
from actors.exchange.engine_state import BPS, Engine, SelfMatch

__all__ = ["apply_rules"]

_MODES = {"none": SelfMatch.NONE, "newest": SelfMatch.CANCEL_NEWEST,
          "oldest": SelfMatch.CANCEL_OLDEST, "both": SelfMatch.CANCEL_BOTH}


def apply_rules(engine: Engine, config: ExchangeConfig, symbols: Sequence[str]) -> None:
    """Sets every symbol's collar, counted from its price in the config until it has traded, and
    every account's self-match prevention. The accounts are the engine's owners from 1 on, and once
    more behind all where they may also speak OUCH 4.2."""
    collar_bps, prices_e4 = round(config.collar * BPS), config.prices_e4
    for number, symbol in enumerate(symbols):
        engine.list_symbol(number, collar_bps=collar_bps, reference_e4=prices_e4.get(symbol, 0))
    for owner, account in enumerate(config.accounts, start=1):
        for protocol in range(2 if config.order_entry_ouch42 is not None else 1):
            engine.set_self_match(owner + protocol * len(config.accounts),
                                  _MODES[account.self_match])
