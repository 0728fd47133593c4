"""``python -m actors.risk``: the risk manager alone, its neighbours stubbed."""

import sys

if __name__ == "__main__":
    from launcher.run import main

    sys.exit(main("risk", sys.argv[1:]))
