"""``python -m actors.exchange``: the exchange by itself."""

import sys

if __name__ == "__main__":
    from launcher.run import main

    sys.exit(main("exchange", sys.argv[1:]))
