"""Records the synthetic flow, as files that the historical flow plays: ITCH 5.0 and LOBSTER.

``python -m actors.exchange.record_flow FOLDER`` makes the recordings that come with Pitwire in
``topologies/recordings``: the same bytes each time. The exchange's kernels run without a process or
a clock: time is that at which events are due.
"""

from __future__ import annotations

import ctypes
import gzip
import pathlib
from collections.abc import Iterator, Sequence

import click
import numpy as np

from actors.book.book_memory import allocate_order_book
from actors.book.book_view import DEPTH_LEVEL, copy_depth
from actors.book.order_book import find_order
from actors.exchange.config import ExchangeConfig
from actors.exchange.engine_state import allocate
from actors.exchange.flow import populate, run_flow
from actors.exchange.flow_config import SyntheticFlowConfig
from actors.exchange.flow_state import allocate_flow
from actors.exchange.market_data import announce_close, announce_end, announce_open
from actors.exchange.recorded_orders import follow, new_trace
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import allocate_sessions
from actors.exchange.venue import build_venue
from schemas.enums import Side
from schemas.recorded import EVENT, Action
from schemas.recorded.itch import Picker
from schemas.venue import binary_file, soupbintcp

__all__ = ["lobster_of", "record", "write_lobster"]

_SECOND_NS = 10**9
_OPEN_NS = (9 * 60 + 30) * 60 * _SECOND_NS
_ORDERS, _LOG_BYTES, _COUNTERS = 20_000, 1 << 26, 64
_NO_ROWS = np.zeros((0, 4), np.int64)
_TYPES = {Action.ADD: 1, Action.REDUCE: 2, Action.DELETE: 3, Action.EXECUTE: 4, Action.TRADE: 5}
#: What LOBSTER writes where there is no level.
_NO_ASK_E4, _NO_BID_E4 = 9_999_999_999, -9_999_999_999


def record(config: SyntheticFlowConfig, symbols: Sequence[str], seconds: float,
           prices_e4: dict[str, int] | None = None) -> list[bytes]:
    """The ITCH messages of ``seconds`` of a synthetic flow that begins at 09:30."""
    tick_e4 = ExchangeConfig().tick_of("")
    venue = build_venue(tuple(symbols), tick_e4, 1, allocate(len(symbols), _ORDERS),
                        allocate_flow(config, tuple(symbols), prices_e4 or {}, tick_e4),
                        allocate_logs([_LOG_BYTES, 0]), allocate_sessions(1))
    counters = np.zeros(_COUNTERS, np.int64)
    venue.record[0]["counters"] = counters.ctypes.data
    announce_open(venue.address, _OPEN_NS - _SECOND_NS)
    for _ in symbols:
        populate(venue.address, _OPEN_NS - _SECOND_NS)
    due_ns = run_flow(venue.address, _OPEN_NS, _OPEN_NS, 0)
    until_ns = _OPEN_NS + round(seconds * _SECOND_NS)
    while due_ns < until_ns:
        due_ns = run_flow(venue.address, due_ns, due_ns, 1)
    announce_close(venue.address, until_ns)
    announce_end(venue.address, until_ns)
    log = venue.logs.logs[0]
    if log["end"] > log["capacity"]:
        raise click.ClickException(f"{seconds:g} s of this are too much to record: more than "
                                   f"{_LOG_BYTES >> 20} MiB")
    packets, _ = soupbintcp.split(ctypes.string_at(int(log["base"]), int(log["end"])))
    return [payload for _, payload in packets]


def lobster_of(messages: Sequence[bytes], symbol: str, levels: int,
               begins_ns: int) -> Iterator[tuple[str, str]]:
    """Rows of LOBSTER's message and order book files for what happened to ``symbol`` from
    ``begins_ns`` on, as far as a window of ``levels`` shows it."""
    recorded = binary_file.index(binary_file.pack(messages))
    picked, _ = Picker([symbol]).pick(recorded, 2**62)
    book, trace = allocate_order_book(1, _ORDERS), new_trace(anonymous=False)
    out = np.empty(_ORDERS + 64, EVENT)
    before = _window(book, levels)
    for event in picked:
        for part in _parts(book, event):
            trace["written"] = 0
            follow(book.address, trace.ctypes.data, part.ctypes.data, 1, _NO_ROWS, out.ctypes.data,
                   out.size)
            after = _window(book, levels)
            told = out[0]
            if event["time_ns"] >= begins_ns and (after != before
                                                  or told["action"] == Action.TRADE):
                direction = 1 if told["side"] == Side.BUY else -1
                time_ns = int(told["time_ns"])
                yield (f"{time_ns // _SECOND_NS}.{time_ns % _SECOND_NS:09d},"
                       f"{_TYPES[Action(told['action'])]},{part['reference'][0]},"
                       f"{told['quantity']},{told['price_e4']},{direction}",
                       ",".join(map(str, after)))
            before = after


def _parts(book, event: np.void) -> list[np.ndarray]:
    """An event as LOBSTER has it: a replacement is a deletion and a submission."""
    if event["action"] != Action.REPLACE:
        return [np.array([event], EVENT)]
    deletion, addition = np.array([event], EVENT), np.array([event], EVENT)
    deletion["action"], addition["action"] = Action.DELETE, Action.ADD
    addition["reference"] = event["new_reference"]
    slot = find_order(book.address, int(event["reference"]))
    addition["side"] = book.orders[slot]["side"] if slot >= 0 else Side.NONE
    return [deletion, addition]


def _window(book, levels: int) -> list[int]:
    row = [_NO_ASK_E4, 0, _NO_BID_E4, 0] * levels
    depth = np.zeros(levels, DEPTH_LEVEL)
    for first, side in ((0, Side.SELL), (2, Side.BUY)):
        shown = copy_depth(book.address, 0, int(side), depth)
        row[first : 4 * shown : 4] = depth["price_e4"][:shown].tolist()
        row[first + 1 : 4 * shown : 4] = depth["quantity"][:shown].tolist()
    return row


def write_lobster(folder: pathlib.Path, stem: str, messages: Sequence[bytes], symbol: str,
                  levels: int) -> tuple[pathlib.Path, pathlib.Path]:
    """Writes the two files, compressed, named as LOBSTER names them; returns their paths."""
    rows = list(lobster_of(messages, symbol, levels, _OPEN_NS))
    paths = []
    for column, kind in enumerate(("message", "orderbook")):
        path = folder / f"{symbol}_{stem}_{kind}_{levels}.csv.gz"
        text = "".join(row[column] + "\n" for row in rows)
        path.write_bytes(gzip.compress(text.encode("ascii"), mtime=0))
        paths.append(path)
    return paths[0], paths[1]


@click.command(help="Record the synthetic flow into FOLDER: an ITCH 5.0 file of all symbols, and a "
                    "LOBSTER message and order book file of the first.")
@click.argument("folder", type=click.Path(path_type=pathlib.Path, file_okay=False))
@click.option("--symbols", default="AAPL,MSFT", show_default=True, metavar="A,B,...")
@click.option("--seconds", default=20.0, show_default=True)
@click.option("--rate", default=300.0, show_default=True, help="Events a second, of all symbols.")
@click.option("--seed", default=1, show_default=True)
@click.option("--levels", default=10, show_default=True, help="Of the order book file.")
def main(folder: pathlib.Path, symbols: str, seconds: float, rate: float, seed: int,
         levels: int) -> None:
    names = [name for name in symbols.split(",") if name]
    config = SyntheticFlowConfig(rate=rate, seed=seed, depth_levels=12, orders_per_level=2)
    messages = record(config, names, seconds)
    folder.mkdir(parents=True, exist_ok=True)
    itch = folder / "synthetic.itch.gz"
    binary_file.write(itch, messages)
    paths = [itch, *write_lobster(folder, "synthetic", messages, names[0], levels)]
    for path in paths:
        click.echo(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
