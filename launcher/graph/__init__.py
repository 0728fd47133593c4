"""Pictures of a deployment: in the terminal, as Mermaid, as Graphviz DOT, as SVG."""

from launcher.graph.terminal import draw
from launcher.graph.text import to_dot, to_mermaid

__all__ = ["draw", "to_dot", "to_mermaid"]
