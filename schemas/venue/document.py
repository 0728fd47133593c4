"""Writes ``docs/protocols`` from the tables in this package: ``python -m schemas.venue.document``.

What stands between the tables is in ``pages.py``, what Pitwire does with a message in
``support.py``.
"""

import enum
import pathlib
import sys
from collections.abc import Iterable

from schemas.venue.layouts import Appendage, Field, Kind, Message
from schemas.venue.pages import INDEX, PAGES, Page
from schemas.venue.support import SUPPORT, Parties

__all__ = ["FOLDER", "main", "render"]

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "protocols"
NOTICE = "<!-- Written by `make schemas` from schemas/venue; changes here are lost. -->\n"
KINDS = {
    Kind.ALPHA: "alpha",
    Kind.DECIMAL: "ASCII digits",
    Kind.UINT: "uint",
    Kind.TIME: "time, ns",
    Kind.PRICE_4: "price(4)",
    Kind.SIGNED_PRICE_4: "signed price(4)",
    Kind.PRICE_8: "price(8)",
}
APPENDAGES = {
    Appendage.NONE: "",
    Appendage.OPTIONAL: " May carry options.",
    Appendage.REQUIRED: " Options may follow.",
}


def render() -> dict[str, str]:
    """Every page's text by its file name."""
    pages = {page.file: _page(page) for page in PAGES}
    return {"README.md": _index(), **pages}


def main() -> int:
    """Writes the pages, and removes pages of protocols that are no more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pages = render()
    for stale in FOLDER.glob("*.md"):
        if stale.name not in pages:
            stale.unlink()
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{FOLDER.parent.name}/{FOLDER.name}: {len(pages)} pages")
    return 0


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; a head that ends in ``>`` aligns its column to the right."""
    heads = list(heads)
    rule = ["--:" if head.endswith(">") else "---" for head in heads]
    lines = [[head.removesuffix(">") for head in heads], rule]
    lines += [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _index() -> str:
    rows = []
    for page in PAGES:
        parties = [SUPPORT[name] for _, name, _ in page.sections]
        who = sorted({p.venue for p in parties} | {p.client for p in parties}) if parties else []
        spoken = ", ".join(filter(None, who)) or "none yet"
        if not page.sections:
            spoken = "files"
        rows.append((f"[{page.title}]({page.file})", page.about, spoken))
    return f"{NOTICE}{INDEX}\n{_table(('protocol', 'what it carries', 'spoken by'), rows)}"


def _page(page: Page) -> str:
    parts = [
        f"{NOTICE}# {page.title}\n\n{page.summary}",
        f"In code: `schemas.venue.{page.package}`. [All protocols](README.md)\n",
    ]
    for title, name, layouts in page.sections:
        parts.append(_overview(page, title, SUPPORT[name], layouts))
    for title, _, layouts in page.sections:
        if title:
            parts.append(f"## {title}, field by field\n")
        elif any(layout.fields for layout in layouts):
            parts.append("## Field by field\n")
        for layout in layouts:
            if len(layout.fields) > 1 or not layout.type:
                if not page.elsewhere or layout.type not in page.elsewhere:
                    parts.append(_fields(page, layout, "###"))
    if page.options:
        rows = [
            (tag, field.name, field.length, KINDS[field.kind], field.note)
            for tag, field in page.options.options.items()
        ]
        heads = ("tag>", "option", "bytes of value>", "type", "values")
        parts.append(f"## Options\n\n{_table(heads, rows)}")
    if page.codes:
        parts.append("## Codes\n")
        parts += [_codes(code) for code in page.codes]
    if page.closing:
        parts.append(page.closing)
    return "\n".join(parts)


def _overview(page: Page, title: str, parties: Parties, layouts: tuple[Message, ...]) -> str:
    """The list of messages, and what Pitwire does with them."""
    typed = [layout for layout in layouts if layout.type]
    heading = f"## {title or 'Messages'}\n\n"
    if not typed:
        return f"{heading}{_spoken_by(parties)}"
    heads = ["type", "message", "bytes>"]
    if page.senders:
        heads.append("from")
    sides = [(parties.venue, "venue"), (parties.client, "client")]
    sides = [(actors, side) for actors, side in sides if actors]
    if sides:
        heads += [*(actors for actors, _ in sides), "note"]
    rows = []
    for layout in typed:
        payload = (page.payloads or {}).get(layout.type)
        length = layout.length + page.offset
        name = layout.name
        if page.elsewhere and layout.type in page.elsewhere:
            name = f"[{name}]({page.elsewhere[layout.type]}#{_anchor(layout)})"
        row = [f"`{layout.type}`", name, f"{length} + payload" if payload else length]
        if page.senders:
            row.append(page.senders[layout.type])
        if sides:
            support = parties.messages[layout.type]
            note = "; ".join(filter(None, (f"payload: {payload}" if payload else "", support.note)))
            row += [*(getattr(support, side) for _, side in sides), note]
        rows.append(row)
    table = _table(heads, rows)
    return f"{heading}{table}" if len(sides) == 2 else f"{heading}{_spoken_by(parties)}\n{table}"


def _spoken_by(parties: Parties) -> str:
    speaks = " and the ".join(filter(None, (parties.venue, parties.client)))
    if not speaks:
        return "Tables, codec and kernels are complete; no actor speaks this protocol yet.\n"
    verb = "speak" if parties.venue and parties.client else "speaks"
    return f"The {speaks} {verb} it.\n"


def _heading(layout: Message) -> str:
    return f"`{layout.type}` {layout.name}" if layout.type else layout.name


def _anchor(layout: Message) -> str:
    """The fragment that Markdown viewers give the message's heading."""
    text = _heading(layout).lower()
    return "".join(c for c in text.replace(" ", "-") if c.isalnum() or c in "-_")


def _fields(page: Page, layout: Message, level: str) -> str:
    """One message's fields."""
    note = APPENDAGES[layout.appendage]
    length = layout.length + page.offset
    heads = ("offset>", "length>", "field", "type", "values")
    rows: list[tuple] = []
    if page.offset:
        rows.append((0, page.offset, "length", "uint", f"of what follows: {layout.length}"))
    rows += [_row(field, page.offset) for field in layout.fields]
    return f"{level} {_heading(layout)}\n\n{length} bytes.{note}\n\n{_table(heads, rows)}"


def _row(field: Field, offset: int) -> tuple:
    return field.offset + offset, field.length, field.name, KINDS[field.kind], field.note


def _codes(code: type[enum.IntEnum]) -> str:
    """One enum's members: letters as such, numbers in decimal."""
    letters = all(0x20 <= member < 0x7F for member in code)
    rows = [
        (f"`{chr(member)}`" if letters else int(member), member.name.lower().replace("_", " "))
        for member in code
    ]
    return f"### {code.__name__}\n\n{_table(('code', 'means'), rows)}"


if __name__ == "__main__":
    sys.exit(main())
