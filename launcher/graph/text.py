"""A deployment as Mermaid and as Graphviz DOT: processes are boxes around the actors they run.

A solid arrow is a wire that loses nothing silently (``block``, ``fail``), a dashed one may drop.
"""

from __future__ import annotations

from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, WirePlan

__all__ = ["to_dot", "to_mermaid"]

_LOSSY = ("drop_newest", "latest")


def _class_name(actor: ActorPlan) -> str:
    return actor.class_path.rpartition(":")[2]


def _process_title(process: ProcessPlan) -> str:
    cores = sorted({t.core for t in process.threads if t.core is not None})
    return process.name + (f" · core {', '.join(map(str, cores))}" if cores else "")


def _wire_label(wire: WirePlan) -> str:
    return f"{wire.source_port} · {wire.message} · {wire.transport}"


def to_mermaid(plan: Plan) -> str:
    """A Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    lines = ["flowchart LR"]
    for index, process in enumerate(plan.processes):
        lines.append(f'  subgraph p{index}["{_process_title(process)}"]')
        for name in process.actors:
            actor = plan.actor(name)
            lines.append(f'    a{actor.index}["{name}<br/>{_class_name(actor)}"]')
        lines.append("  end")
    for wire in plan.wires:
        arrow = "-.->" if wire.overflow in _LOSSY else "-->"
        source, target = plan.actor(wire.source_actor), plan.actor(wire.target_actor)
        lines.append(f'  a{source.index} {arrow}|"{_wire_label(wire)}"| a{target.index}')
    return "\n".join(lines) + "\n"


def to_dot(plan: Plan) -> str:
    """A Graphviz digraph (https://graphviz.org/doc/info/lang.html)."""
    lines = [
        f'digraph "{plan.name}" {{',
        "  rankdir=LR; compound=true;",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica"];',
        '  edge [fontname="Helvetica", fontsize=9, color="#555555"];',
        '  graph [fontname="Helvetica", fontsize=10, style="rounded,filled", '
        'color="#bbbbbb", fillcolor="#f4f4f4"];',
    ]
    for index, process in enumerate(plan.processes):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f'    label="{_process_title(process)}";')
        for name in process.actors:
            lines.append(f'    "{name}" [label="{name}\\n{_class_name(plan.actor(name))}"];')
        lines.append("  }")
    for wire in plan.wires:
        style = "dashed" if wire.overflow in _LOSSY else "solid"
        lines.append(f'  "{wire.source_actor}" -> "{wire.target_actor}" '
                     f'[label="{_wire_label(wire)}", style={style}];')
    return "\n".join([*lines, "}"]) + "\n"
