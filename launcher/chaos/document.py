"""``docs/failures.md``, made from the results of experiments: nothing in it that did not happen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from launcher.chaos.results import percentile

__all__ = ["failures_page"]

_HEAD = """# What fails, and what happens then

This page is made from results of the experiments in `chaos/`, by
`pitwire chaos document`. Do not edit it. *Kept* says what the audit after the experiment found:
every order, fill, position and working order that gateway, risk and strategies believe in, against
the exchange's own journal, and the ledger of all messages. Times are from the fault, or from its
end if it lasts, until every actor runs (p50 / p99 / max), and until the next order is sent (p50).
They were taken on the machine where the experiments ran, which did other work too.

| target | fault | times | what happens | recovery | first order | kept |
|---|---|---:|---|---:|---:|---|
"""


def failures_page(results: Iterable[dict[str, Any]]) -> str:
    """The page, in Markdown, of what ``pitwire chaos run --json`` wrote."""
    results = list(results)
    groups: dict[tuple[str, str], list[tuple[dict, dict]]] = defaultdict(list)
    for result in results:
        for step in result["steps"]:
            groups[step["target"], _fault(step)].append((result, step))
    rows = [_row(target, fault, found) for (target, fault), found in sorted(groups.items())]
    return _HEAD + "\n".join(rows) + "\n\n" + "\n".join(map(_experiment, results))


def _fault(step: dict[str, Any]) -> str:
    name = step["fault"].replace("_", " ")
    if "point" in step:
        return f"{name} at `{step['point']}`"
    if "for" in step:
        return f"{name} for {step['for'] / 1e9:g} s"
    if "delay" in step:
        return f"{name} by {step['delay'] / 1e6:g} ms"
    return name


def _row(target: str, fault: str, found: list[tuple[dict, dict]]) -> str:
    steps = [step for _, step in found]
    outcomes: dict[str, int] = defaultdict(int)
    for step in steps:
        outcomes[step["outcome"]] += 1
    happens = ", ".join(name if len(outcomes) == 1 else f"{name} {n}"
                        for name, n in sorted(outcomes.items()))
    recovery = [s["recovery_ns"] for s in steps if s["recovery_ns"] is not None]
    orders = [s["first_order_ns"] for s in steps if s["first_order_ns"] is not None]
    times = " / ".join(_ms(percentile(recovery, share)) for share in (0.5, 0.99, 1.0)) \
        if recovery else "-"
    kept = "; ".join(dict.fromkeys(_kept(result) for result, _ in found))
    return (f"| {target.replace('|', '/')} | {fault} | {len(steps)} | {happens} | {times} | "
            f"{_ms(percentile(orders, 0.5)) if orders else '-'} | {kept} |")


def _kept(result: dict[str, Any]) -> str:
    audit = result["audit"]
    if audit is None:
        return "no audit could be made"
    if audit["equal"]:
        return "all"
    said = [f"{len(audit['differences'])} differences"] if audit["differences"] else []
    said += [f"{audit['unexplained']} messages unexplained"] if audit["unexplained"] else []
    return f"not all: {', '.join(said)} in *{result['experiment']}*"


def _experiment(result: dict[str, Any]) -> str:
    lines = [f"## {result['experiment']}", ""]
    if result["what"]:
        lines += [result["what"].strip(), ""]
    lines += [f"Seed {result['seed']}, {result['lasts_ns'] / 1e9:g} s, "
              f"{result['orders_per_second']:,.0f} orders a second before it began.", ""]
    lines += [f"- {'holds' if one['holds'] else '**does not hold**'}: {one['name']} "
              f"({one['found']})" for one in result["invariants"]]
    return "\n".join(lines) + "\n"


def _ms(ns: int) -> str:
    return f"{ns / 1e6:,.0f} ms"
