"""Which output ports a name given to ``pitwire tap`` means."""

from __future__ import annotations

from dataclasses import dataclass

from actors.runtime.actor import Actor
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment
from launcher.problems import did_you_mean, one_of
from launcher.topology.classes import ClassUnusable, extend_import_path, load_class
from schemas.messages import MessageType

__all__ = ["TappedPort", "find_ports"]


@dataclass(frozen=True)
class TappedPort:
    """An output port. ``shown_as`` is what messages say as their ``port``: the name asked for."""

    actor: str
    port: str
    message: MessageType
    shown_as: str

    def __str__(self) -> str:
        return f"{self.actor}/{self.port}"


def find_ports(deployment: Deployment, name: str) -> list[TappedPort]:
    """The output ports that ``name`` means.

    ``ACTOR/OUTPUT`` is that port; ``ACTOR/INPUT`` is what is wired to it, possibly several;
    ``ACTOR`` is its output if it has but one; ``A/OUT -> B/IN`` is the wire of that name.
    :class:`Failure` with the nearest name if there is none.
    """
    source, arrow, target = (part.strip() for part in name.partition("->"))
    if arrow:
        return _of_wire(deployment, source, target)
    actor, _, port = source.partition("/")
    deployment.require_actor(actor)
    cls = _class_of(deployment, actor)
    if not port and len(cls.outputs) == 1:
        port = next(iter(cls.outputs))
    if port in cls.outputs:
        return [TappedPort(actor, port, cls.outputs[port].message, port)]
    if port in cls.inputs:
        return _sources(deployment, actor, port, cls.inputs[port].message)
    ports = [f"{actor}/{p}" for p in (*cls.outputs, *cls.inputs)]
    if not port:
        raise Failure(f"{actor} has {len(cls.outputs)} outputs: which one?",
                      f"there is {one_of(ports)}", ExitCode.USAGE)
    raise Failure(f"{actor} has no port '{port}'", did_you_mean(f"{actor}/{port}", ports),
                  ExitCode.USAGE)


def _class_of(deployment: Deployment, actor: str) -> type[Actor]:
    extend_import_path(deployment.plan.python_path)
    try:
        return load_class(deployment.plan.actor(actor).class_path)
    except ClassUnusable as error:
        raise Failure(f"{actor}: {error}", error.hint) from None


def _sources(deployment: Deployment, actor: str, port: str,
             message: MessageType) -> list[TappedPort]:
    wires = [w for w in deployment.plan.inputs_of(actor) if w.target_port == port]
    if not wires:
        raise Failure(f"nothing is wired to {actor}/{port}",
                      "its wires are what `pitwire graph` shows")
    return [TappedPort(w.source_actor, w.source_port, message, port) for w in wires]


def _of_wire(deployment: Deployment, source: str, target: str) -> list[TappedPort]:
    wires = {wire.name: wire for wire in deployment.plan.wires}
    wire = wires.get(f"{source} -> {target}")
    if wire is None:
        raise Failure(f"no wire '{source} -> {target}'",
                      did_you_mean(f"{source} -> {target}", wires), ExitCode.USAGE)
    found = find_ports(deployment, f"{wire.source_actor}/{wire.source_port}")[0]
    return [TappedPort(found.actor, found.port, found.message, wire.target_port)]
