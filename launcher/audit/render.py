"""An audit as text."""

from __future__ import annotations

from launcher.audit.live import Audit

__all__ = ["audit_lines"]

_SHOWN = 50


def audit_lines(audit: Audit, shown: int = _SHOWN) -> list[str]:
    """What was compared, then a line for each difference, ``shown`` at most."""
    lines = [f"the exchange's journal, {audit.records:,} records, session {audit.session}: "
             f"{audit.orders:,} orders of the desk, {audit.working:,} working, "
             f"{audit.fills:,} fills of {audit.shares:,} shares"]
    lines += [str(difference) for difference in audit.differences[:shown]]
    if len(audit.differences) > shown:
        lines.append(f"... and {len(audit.differences) - shown:,} more")
    if audit.unexplained:
        lines.append(f"ledger: {audit.unexplained:,} messages unexplained")
    who = ", ".join(audit.actors)
    lines.append(f"{who}: equal" if audit.equal else
                 f"{who}: {len(audit.differences):,} difference"
                 f"{'' if len(audit.differences) == 1 else 's'}")
    return lines
