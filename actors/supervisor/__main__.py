"""``python -m actors.supervisor PLAN``: supervises the deployment of a plan until it ends."""

import os
import sys

from actors.supervisor.spawner import ForkServerLink


def main(argv: list[str]) -> int:
    """Starts the fork server first: it imports while the supervisor does."""
    if len(argv) != 1 or argv[0].startswith("-"):
        print("usage: python -m actors.supervisor PLAN", file=sys.stderr)
        return 2
    try:
        link = ForkServerLink(argv[0])
    except (OSError, ValueError, KeyError) as error:
        print(f"{argv[0]}: not the plan of a deployment: {error}", file=sys.stderr)
        return 2
    from actors.supervisor.supervisor import run_supervisor
    return int(run_supervisor(argv[0], link))


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # everything is closed; taking a compiler apart would take its time
