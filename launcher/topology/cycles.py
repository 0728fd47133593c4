"""Cycles and order in small directed graphs, kept in the order in which things were said."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

__all__ = ["cycles", "ordered"]

Graph = Mapping[str, Iterable[str]]


def cycles(graph: Graph) -> list[list[str]]:
    """For each node on a cycle, one shortest cycle that it is on, none told twice.

    A cycle is listed from its first node in the graph's order, which is not repeated at the end.
    """
    found: list[list[str]] = []
    told: set[str] = set()
    for node in graph:
        if node not in told and (cycle := _shortest_back(graph, node)):
            found.append(cycle)
            told.update(cycle)
    return found


def _shortest_back(graph: Graph, start: str) -> list[str]:
    """The shortest way from ``start`` to itself, by breadth-first search; [] if there is none."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for after in graph.get(node, ()):
            if after == start:
                way = [node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if after not in came_from:
                came_from[after] = node
                queue.append(after)
    return []


def ordered(needs: Graph) -> list[str]:
    """Nodes such that what a node needs comes before it; ties in the graph's own order.

    Needs that are no nodes are ignored. The graph has no cycle.
    """
    placed: dict[str, None] = {}
    waiting = {node: {n for n in wanted if n in needs} for node, wanted in needs.items()}
    while waiting:
        ready = next(node for node, wanted in waiting.items() if wanted <= placed.keys())
        placed[ready] = None
        del waiting[ready]
    return list(placed)
