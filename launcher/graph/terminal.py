"""A deployment drawn for the terminal.

Actors stand below each other, grouped by process, each with its ports. To the right every output
has a lane, a vertical line that its wires leave to the inputs they feed::

    feed · core 1
      feed  FeedHandler
        ▸ market   MarketData                          ─╮
    strategy · core 1
      strategy  MeanReversion
        ◂ market   MarketData    ipc  4096 drop_newest ◂┤
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.text import Text

from actors.runtime.plan import Plan, ProcessPlan, WirePlan

__all__ = ["draw"]

_STYLES = {"inproc": "green", "shm": "yellow", "ipc": "cyan", "tcp": "magenta"}
_LANE_STYLES = ("cyan", "yellow", "green", "magenta", "blue", "red")


@dataclass
class _Row:
    """A line of the drawing; ``lane`` names the output it is joined to, if it is a port."""

    text: Text
    lane: str | None = None
    is_input: bool = False


@dataclass
class _Lane:
    """The vertical line of one output: its rows, its column and its colour."""

    rows: list[int] = field(default_factory=list)
    column: int = 0
    style: str = ""

    @property
    def span(self) -> range:
        return range(min(self.rows), max(self.rows) + 1)


def draw(plan: Plan) -> Text:
    """The drawing, for ``rich.console.Console.print``."""
    rows = _rows(plan)
    lanes = _lanes(rows)
    width = max((row.text.cell_len for row in rows), default=0) + 1
    columns = 1 + max((lane.column for lane in lanes.values()), default=-1)
    drawing = Text(no_wrap=True, overflow="crop")
    for number, row in enumerate(rows):
        drawing.append_text(row.text)
        picture = _lane_picture(number, row, lanes, columns)
        if picture.plain.strip():
            drawing.append(" " * (width - row.text.cell_len))
            drawing.append_text(picture)
        drawing.append("\n")
    drawing.rstrip()
    return drawing


def _rows(plan: Plan) -> list[_Row]:
    rows = [_Row(Text("supervisor", "bold dim"))]
    name_width = max((len(port) for w in plan.wires for port in (w.source_port, w.target_port)),
                     default=0)
    message_width = max((len(w.message) for w in plan.wires), default=0)
    for process in plan.processes:
        rows.append(_Row(Text.assemble((process.name, "bold"), (_threads(process), "dim"))))
        for thread in process.threads:
            if len(process.threads) > 1:
                core = "" if thread.core is None else f", core {thread.core}"
                rows.append(_Row(Text(f"  thread {thread.name}: {thread.wait}{core}", "dim")))
            for name in thread.actors:
                cls = plan.actor(name).class_path.rpartition(":")[2]
                rows.append(_Row(Text.assemble("  ", (name, "bold green"), "  ", (cls, "dim"))))
                rows += _port_rows(plan, name, name_width, message_width)
    return rows


def _threads(process: ProcessPlan) -> str:
    """What is worth saying of a process in its title."""
    if len(process.threads) > 1:
        return f" · {len(process.threads)} threads"
    thread = process.threads[0]
    core = "" if thread.core is None else f" · core {thread.core}"
    return f"{core} · {thread.wait}"


def _port_rows(plan: Plan, actor: str, name_width: int, message_width: int) -> list[_Row]:
    rows = []
    for wire in plan.inputs_of(actor):
        text = Text.assemble(
            "    ◂ ", wire.target_port.ljust(name_width), " ",
            (wire.message.ljust(message_width), "dim"), " ",
            (wire.transport.ljust(6), _STYLES[wire.transport]),
            (f" {wire.capacity:>5} {wire.overflow}", "dim"))
        rows.append(_Row(text, _lane_name(wire), is_input=True))
    for lane, wire in {_lane_name(w): w for w in plan.outputs_of(actor)}.items():
        text = Text.assemble("    ▸ ", wire.source_port.ljust(name_width), " ",
                             (wire.message.ljust(message_width), "dim"))
        rows.append(_Row(text, lane))
    return rows


def _lane_name(wire: WirePlan) -> str:
    return f"{wire.source_actor}/{wire.source_port}"


def _lanes(rows: list[_Row]) -> dict[str, _Lane]:
    """A lane for each output: short ones inside, no two that overlap in one column."""
    lanes: dict[str, _Lane] = {}
    for number, row in enumerate(rows):
        if row.lane is not None:
            lanes.setdefault(row.lane, _Lane()).rows.append(number)
    taken: list[set[int]] = []
    for index, lane in enumerate(sorted(lanes.values(), key=lambda lane: len(lane.span))):
        span = set(lane.span)
        lane.column = next((c for c, used in enumerate(taken) if not used & span), len(taken))
        if lane.column == len(taken):
            taken.append(set())
        taken[lane.column] |= span
        lane.style = _LANE_STYLES[index % len(_LANE_STYLES)]
    return lanes


def _lane_picture(number: int, row: _Row, lanes: dict[str, _Lane], columns: int) -> Text:
    """The lanes beside one row: vertical lines, and the joint of the port in this row."""
    own = lanes.get(row.lane) if row.lane is not None else None
    picture = Text()
    if own is not None:
        picture.append("◂" if row.is_input else "─", own.style)
    else:
        picture.append(" ")
    for column in range(columns):
        here = next((lane for lane in lanes.values()
                     if lane.column == column and number in lane.span), None)
        inside = own is not None and column < own.column
        if own is not None and column == own.column:
            corner = {own.span[0]: "╮", own.span[-1]: "╯"}.get(number, "┤")
            picture.append(corner + " ", own.style)
        elif here is not None and inside:
            picture.append("│", here.style)
            picture.append("─", own.style)
        elif here is not None:
            picture.append("│ ", here.style)
        elif inside:
            picture.append("──", own.style)
        else:
            picture.append("  ")
    return picture
