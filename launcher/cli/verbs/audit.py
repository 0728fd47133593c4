"""``pitwire audit``: is what the desk believes what the exchange knows?"""

from __future__ import annotations

import pathlib

import click

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]


@click.command("audit")
@topology_option
@json_option
@click.option("--hold", is_flag=True, help="Let no strategy send orders meanwhile.")
@click.option("--timeout", type=click.FloatRange(0.1, 600), default=10.0, show_default=True,
              metavar="S", help="Wait so long for orders to come to rest.")
@click.pass_context
def command(context: click.Context, topology: pathlib.Path, as_json: bool, hold: bool,
            timeout: float) -> None:
    """Compare every order, fill and position with the exchange's own journal.

    What gateway, risk and strategies believe is held against what the exchange's journal, replayed,
    says of the desk's account. Orders have to be at rest: pause trading, or use --hold. Exits with
    0 if all agree and no message is unexplained, with 1 if not."""
    import contextlib

    from launcher.audit import NotQuiet, audit, trading_held
    from launcher.audit.render import audit_lines
    from launcher.audit.venue import VenueUnreadable
    from launcher.operate.deployment import Deployment

    deployment = Deployment.running(topology)
    try:
        with trading_held(deployment) if hold else contextlib.nullcontext():
            found = audit(deployment, timeout)
    except NotQuiet as error:
        raise Failure(f"the desk is not at rest: {error}",
                      "stop new orders meanwhile: --hold", ExitCode.TIMED_OUT) from None
    except VenueUnreadable as error:
        raise Failure(str(error)) from None
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo("\n".join(audit_lines(found)))
    if not found.equal:
        context.exit(ExitCode.FAILURE)
