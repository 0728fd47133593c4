"""The feed handler: venue market data in, normalised updates per symbol out."""

from actors.feed.actor import FeedHandler
from actors.feed.config import FeedConfig

__all__ = ["FeedConfig", "FeedHandler"]
