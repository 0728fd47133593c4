"""``python -m actors.gateway``: the gateway alone, its neighbours stubbed."""

import sys

from launcher.run import main

if __name__ == "__main__":
    sys.exit(main("gateway", sys.argv[1:]))
