"""``python -m actors.feed``: the feed handler alone, its neighbours stubbed."""

import sys

if __name__ == "__main__":
    from launcher.run import main

    sys.exit(main("feed", sys.argv[1:]))
