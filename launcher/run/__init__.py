"""One actor in the foreground: alone with its neighbours stubbed, or joined to a deployment."""

from launcher.run.alone import Alone, RunOptions
from launcher.run.component import main

__all__ = ["Alone", "RunOptions", "main"]
