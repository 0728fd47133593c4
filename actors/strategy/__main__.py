"""``python -m actors.strategy``: the strategy alone, its neighbours stubbed."""

import sys

if __name__ == "__main__":
    from launcher.run import main

    sys.exit(main("strategy", sys.argv[1:]))
