"""Topology files for tests: a small right one to start from, and ways to change it."""

from __future__ import annotations

import pathlib
import textwrap

from launcher.topology import Problem, check_topology

SAMPLES = "tests.launcher.sample_actors"
CORES = (0, 1, 2, 3)
"""The cores of the machine that these tests pretend to run on."""

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

DESK = f"""\
version: 1
name: desk
symbols: [AAPL, MSFT]
actors:
  exchange:
    class: {SAMPLES}:Exchange
  feed:
    class: {SAMPLES}:FeedHandler
    depends_on: [exchange]
  strategy:
    class: {SAMPLES}:MeanReversion
    inputs: {{market: feed/market, reports: risk/reports}}
  risk:
    class: {SAMPLES}:RiskManager
    inputs: {{orders: strategy/orders, reports: gateway/reports}}
  gateway:
    class: {SAMPLES}:Gateway
    inputs: {{orders: risk/approved}}
    depends_on: [exchange]
"""


def write(folder: pathlib.Path, text: str, name: str = "topology.yaml") -> pathlib.Path:
    """``text``, less its common indent, as the file ``name`` in ``folder``."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def overlay(folder: pathlib.Path, text: str) -> pathlib.Path:
    """A file that changes :data:`DESK` by ``text``; its first line is line 2."""
    write(folder, DESK, "desk.yaml")
    return write(folder, "extends: desk.yaml\n" + textwrap.dedent(text))


def problems(path: pathlib.Path) -> list[Problem]:
    return list(check_topology(path, CORES).problems)


def said(path: pathlib.Path) -> list[str]:
    """The problems of a file as the user reads them, without the folder."""
    return [str(p).replace(f"{path.parent}/", "") for p in problems(path)]


def shipped_with_samples(folder: pathlib.Path) -> list[pathlib.Path]:
    """Copies of the topologies that come with Pitwire, on the sample actors' classes."""
    sources = [REPOSITORY / "topology.yaml", *sorted((REPOSITORY / "topologies").glob("*.yaml"))]
    copies = []
    for source in sources:
        text = source.read_text(encoding="utf-8")
        for component in ("exchange", "feed", "strategy", "risk", "gateway", "monitor"):
            text = text.replace(f"actors.{component}:", f"{SAMPLES}:")
        copies.append(write(folder, text, str(source.relative_to(REPOSITORY))))
    return copies
