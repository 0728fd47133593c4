"""``python -m launcher`` is ``pitwire``."""

from launcher.cli import main

if __name__ == "__main__":
    main()
