"""``python -m actors.monitor``: the monitor alone, its neighbours stubbed."""

import sys

if __name__ == "__main__":
    from launcher.run import main

    sys.exit(main("monitor", sys.argv[1:]))
