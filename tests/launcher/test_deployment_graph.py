"""Pictures of a deployment say what runs where and what is wired to what."""

import shutil
import subprocess

import pytest

from launcher.graph import draw, to_dot, to_mermaid
from launcher.topology import check_topology
from tests.launcher.topology_files import CORES, DESK, overlay, write


@pytest.fixture
def plan(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          feed: {process: trading, core: 1}
          strategy: {process: trading}
        """)
    return check_topology(path, CORES).plan


def test_the_terminal_drawing_line_by_line(plan):
    lines = [line.rstrip() for line in draw(plan).plain.splitlines()]
    assert lines == [
        "supervisor",
        "exchange · blocking",
        "  exchange  Exchange",
        "trading · core 1 · blocking",
        "  feed  FeedHandler",
        "    ▸ market   MarketData                               ─╮",
        "  strategy  MeanReversion                                │",
        "    ◂ market   MarketData      inproc  4096 drop_newest ◂╯",
        "    ◂ reports  ExecutionReport ipc     1024 block       ◂──╮",
        "    ▸ orders   OrderCommand                             ─╮ │",
        "risk · blocking                                          │ │",
        "  risk  RiskManager                                      │ │",
        "    ◂ orders   OrderCommand    ipc     1024 fail        ◂╯ │",
        "    ◂ reports  ExecutionReport ipc     1024 block       ◂──│─╮",
        "    ▸ reports  ExecutionReport                          ───╯ │",
        "    ▸ approved OrderCommand                             ─╮   │",
        "gateway · blocking                                       │   │",
        "  gateway  Gateway                                       │   │",
        "    ◂ orders   OrderCommand    ipc     1024 fail        ◂╯   │",
        "    ▸ reports  ExecutionReport                          ─────╯",
    ]


def test_every_lane_of_the_drawing_begins_and_ends(plan):
    text = draw(plan).plain
    assert text.count("╮") == text.count("╯") == 5
    assert text.count("◂") == 2 * len(plan.wires)


def test_a_deployment_without_wires_is_drawn_too(tmp_path):
    lone = DESK[:DESK.index("  feed:")]
    lone_plan = check_topology(write(tmp_path, lone), CORES).plan
    assert draw(lone_plan).plain.splitlines()[-1] == "  exchange  Exchange"
    assert "subgraph" in to_mermaid(lone_plan)


def test_mermaid(plan):
    text = to_mermaid(plan)
    assert text.startswith("flowchart LR\n")
    assert '  subgraph p1["trading · core 1"]\n    a1["feed<br/>FeedHandler"]\n' in text
    assert '  a1 -.->|"market · MarketData · inproc"| a2\n' in text
    assert '  a2 -->|"orders · OrderCommand · ipc"| a3\n' in text


def test_dot(plan):
    text = to_dot(plan)
    assert text.startswith('digraph "desk" {\n')
    assert '  "feed" -> "strategy" [label="market · MarketData · inproc", style=dashed];' in text
    assert '  "strategy" -> "risk" [label="orders · OrderCommand · ipc", style=solid];' in text
    assert text.count("{") == text.count("}")


def test_graphviz_takes_the_dot(plan):
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    svg = subprocess.run(["dot", "-Tsvg"], input=to_dot(plan).encode(), capture_output=True,
                         check=True).stdout
    assert b"<svg" in svg
