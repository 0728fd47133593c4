"""The wires of a topology: each output named by an input, and whether the two fit together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from actors.runtime.actor import Actor, Input
from launcher.topology.cycles import cycles
from launcher.topology.model import SUPERVISOR, Topology, WireSpec
from launcher.problems import Path, did_you_mean, one_of
from launcher.topology.validate import Report

__all__ = ["Wire", "check_wires", "overflow_of", "wires_of"]

Classes = Mapping[str, type[Actor]]


@dataclass(frozen=True)
class Wire:
    """One output port joined to one input port, as the file says it.

    ``path`` is where its options stand, ``source_path`` where its source is named.
    """

    path: Path
    source_path: Path
    source_actor: str
    source_port: str
    target_actor: str
    target_port: str
    spec: WireSpec

    @property
    def source(self) -> str:
        return f"{self.source_actor}/{self.source_port}"

    @property
    def target(self) -> str:
        return f"{self.target_actor}/{self.target_port}"


def wires_of(topology: Topology) -> list[Wire]:
    """Every wire, by consuming actor, then input, then source, all in file order."""
    return [wire for name, actor in topology.actors.items()
            for port, said in (actor.inputs or {}).items()
            for wire in _wires_into(name, port, said)]


def _wires_into(actor: str, port: str, said: str | WireSpec | list) -> Iterator[Wire]:
    at: Path = ("actors", actor, "inputs", port)
    items = [((*at, i), item) for i, item in enumerate(said)] if isinstance(said, list) \
        else [(at, said)]
    for path, item in items:
        spec = item if isinstance(item, WireSpec) else WireSpec(source=item)
        for i, source in enumerate(spec.sources):
            source_path = path
            if isinstance(item, WireSpec):
                source_path = (*path, "source") if isinstance(spec.source, str) \
                    else (*path, "source", i)
            yield Wire(path, source_path, *source.split("/"), actor, port, spec)


def input_of(wire: Wire, classes: Classes) -> Input | None:
    """The declaration of the input that ``wire`` ends at, if its class is known and has it."""
    target = classes.get(wire.target_actor)
    return target.inputs.get(wire.target_port) if target else None


def overflow_of(wire: Wire, classes: Classes) -> str | None:
    """The wire's overflow policy: its own word, or that of its input; None if neither is known."""
    declared = input_of(wire, classes)
    return wire.spec.overflow or (declared.overflow.name.lower() if declared else None)


def check_wires(wires: list[Wire], names: Collection[str], classes: Classes,
                breakers: Collection[str], wired: Mapping[str, Collection[str]],
                report: Report) -> None:
    """Report every wire that cannot be.

    ``names`` are all actors of the file, ``classes`` those whose class could be had, ``wired`` the
    input keys of each actor as the file has them, well formed or not.
    """
    seen: dict[tuple[str, str], Wire] = {}
    for wire in wires:
        _check_source(wire, names, classes, report)
        _check_fit(wire, classes, report)
        if wire.spec.breaker is not None and wire.spec.breaker not in breakers:
            report((*wire.path, "breaker"), f"no breaker '{wire.spec.breaker}'",
                   did_you_mean(wire.spec.breaker, breakers) or "define it under breakers")
        if seen.setdefault((wire.source, wire.target), wire) is not wire:
            report(wire.source_path, f"{wire.source} is wired to {wire.target} twice")
    for name, cls in classes.items():
        _check_inputs(name, cls, classes, [w for w in wires if w.target_actor == name],
                      wired.get(name, ()), report)
    _check_deadlock(wires, classes, report)


def _check_source(wire: Wire, names: Collection[str], classes: Classes, report: Report) -> None:
    if wire.source_actor == SUPERVISOR:
        report(wire.source_path, "the supervisor has no ports")
    elif wire.source_actor not in names:
        report(wire.source_path, f"no actor '{wire.source_actor}'",
               did_you_mean(wire.source_actor, names))
    elif (cls := classes.get(wire.source_actor)) and wire.source_port not in cls.outputs:
        outputs = did_you_mean(wire.source_port, cls.outputs)
        report(wire.source_path, f"{wire.source_actor} has no output '{wire.source_port}'",
               outputs or ("" if cls.outputs else f"{wire.source_actor} has no outputs at all"))


def _check_fit(wire: Wire, classes: Classes, report: Report) -> None:
    """The message of the output against that of the input, and the policy against the message."""
    declared = input_of(wire, classes)
    source = classes.get(wire.source_actor)
    output = source.outputs.get(wire.source_port) if source else None
    if declared is None:
        return
    message = declared.message
    if output is not None and output.message.identifier != message.identifier:
        report(wire.source_path, f"{wire.source} carries {output.message.name}, but "
               f"{wire.target} takes {message.name}",
               _carriers_hint(message.identifier, message.name, classes))
    if overflow_of(wire, classes) == "latest" and "symbol_id" not in (message.dtype.names or ()):
        report((*wire.path, "overflow") if wire.spec.overflow else wire.path,
               f"latest keeps the newest message per symbol, but {message.name} has no symbol",
               "use drop_newest, block or fail")
    capacity = wire.spec.capacity or declared.capacity
    if output is not None and overflow_of(wire, classes) == "block" and capacity < output.burst:
        report((*wire.path, "capacity") if wire.spec.capacity else wire.path,
               f"a capacity of {capacity} is too small for a wire that blocks: {wire.source} may "
               f"send {output.burst} messages at once", f"give it {output.burst} or more")


def _carriers_hint(identifier: str, name: str, classes: Classes) -> str:
    carriers = [f"{actor}/{port}" for actor, cls in classes.items()
                for port, output in cls.outputs.items() if output.message.identifier == identifier]
    return f"{name} comes from {one_of(carriers)}" if 0 < len(carriers) <= 8 else ""


def _check_inputs(name: str, cls: type[Actor], classes: Classes, into: list[Wire],
                  wired: Collection[str], report: Report) -> None:
    """An actor's input ports against the wires that end at them."""
    for port in wired:
        if port not in cls.inputs:
            report(("actors", name, "inputs", port), f"{name} has no input '{port}'",
                   did_you_mean(port, cls.inputs) or
                   ("" if cls.inputs else f"{name} has no inputs at all"))
    for port, declared in cls.inputs.items():
        ends = [wire for wire in into if wire.target_port == port]
        if not ends and port not in wired and not declared.optional:
            report(("actors", name, "inputs"), f"input '{port}' is not wired",
                   _carriers_hint(declared.message.identifier, declared.message.name, classes))
        if len(ends) > 1 and not declared.many:
            sources = one_of([wire.source for wire in ends]).replace(" or ", " and ")
            report(("actors", name, "inputs", port),
                   f"takes one wire, and {len(ends)} end here: {sources}")


def _check_deadlock(wires: list[Wire], classes: Classes, report: Report) -> None:
    """Actors that could all wait for room at the next one, round in a circle, for ever."""
    graph: dict[str, list[str]] = {}
    blocking = [wire for wire in wires if overflow_of(wire, classes) == "block"]
    for wire in blocking:
        graph.setdefault(wire.source_actor, []).append(wire.target_actor)
    for cycle in cycles(graph):
        hops = set(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        last = [w for w in blocking if (w.source_actor, w.target_actor) in hops][-1]
        report((*last.path, "overflow") if last.spec.overflow else last.source_path,
               f"deadlock: {' → '.join([*cycle, cycle[0]])} are all wires that block, so each of "
               "these actors can wait for the next one for ever",
               "give one of these wires overflow: fail, drop_newest or latest")
