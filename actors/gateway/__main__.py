"""``python -m actors.gateway``: the gateway alone, its neighbours stubbed."""

import sys

if __name__ == "__main__":
    from launcher.run import main

    sys.exit(main("gateway", sys.argv[1:]))
