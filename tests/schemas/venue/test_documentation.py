"""``docs/protocols`` is what ``make schemas`` writes, and says something of every message."""

import importlib
import re
from pathlib import Path

import pytest

from schemas.venue import document, itch50, ouch50
from schemas.venue.pages import PAGES
from schemas.venue.support import SUPPORT, Does

ROOT = Path(__file__).resolve().parents[3]
SECTIONS = [
    pytest.param(page, name, layouts, id=name)
    for page in PAGES
    for _, name, layouts in page.sections
]


def test_regenerating_the_pages_changes_nothing():
    pages = document.render()
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in document.FOLDER.iterdir()}
    assert on_disk.keys() == pages.keys()
    for name, text in pages.items():
        assert on_disk[name] == text, f"docs/protocols/{name} is not current: run make schemas"


def test_the_index_leads_to_every_page():
    assert re.findall(r"\]\((\w+\.md)\)", document.render()["README.md"]) == [p.file for p in PAGES]


@pytest.mark.parametrize("page, name, layouts", SECTIONS)
def test_what_is_done_with_every_message_is_said(page, name, layouts):
    parties = SUPPORT[name]
    types = {layout.type for layout in layouts if layout.type}
    assert set(parties.messages) == (types if parties.spoken else set())
    for support in parties.messages.values():  # one side sends, or neither
        assert {support.venue, support.client} & {Does.SENDS, Does.NOT_SENT, Does.BOTH}


def test_every_protocol_has_a_page():
    assert {name for page in PAGES for _, name, _ in page.sections} == set(SUPPORT)


@pytest.mark.parametrize("page, name, layouts", SECTIONS)
def test_every_field_is_on_its_page(page, name, layouts):
    text = document.render()[page.file]
    for layout in layouts:
        if page.elsewhere and layout.type in page.elsewhere:
            home = document.render()[page.elsewhere[layout.type]]
            assert f"### `{layout.type}` {layout.name}\n" in home
            continue
        for field in layout.fields[1:] if layout.type else layout.fields:
            row = f"| {field.offset + page.offset} | {field.length} | {field.name} | "
            assert row in text


def test_links_between_pages_lead_to_headings():
    pages = document.render()
    for text in pages.values():
        for file, anchor in re.findall(r"\]\((\w+\.md)#([^)]+)\)", text):
            headings = [
                re.sub(r"[^a-z0-9 _-]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in pages[file].splitlines()
                if line.startswith("#")
            ]
            assert anchor in headings


def sources(actor: str) -> str:
    return "".join(path.read_text() for path in (ROOT / "actors" / actor).glob("*.py"))


@pytest.mark.parametrize(
    "name, package, catalogue, side",
    [
        ("ITCH 5.0", itch50, itch50.CATALOGUE, "venue"),
        ("OUCH 5.0 inbound", ouch50, ouch50.INBOUND, "client"),
        ("OUCH 5.0 outbound", ouch50, ouch50.OUTBOUND, "venue"),
    ],
)
def test_no_message_is_said_to_be_sent_that_no_actor_writes(name, package, catalogue, side):
    parties = SUPPORT[name]
    code = sources(getattr(parties, side))
    tables = vars(importlib.import_module(f"{package.__name__}.tables"))
    for kind, support in parties.messages.items():
        if getattr(support, side) is Does.SENDS:
            (message,) = (key for key, layout in tables.items() if layout is catalogue[kind])
            assert f"put_{message.lower()}" in code
