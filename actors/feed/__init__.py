"""The feed handler: venue market data in, normalised updates per symbol out."""

from actors.feed.actor import FeedConfig, FeedHandler

__all__ = ["FeedConfig", "FeedHandler"]
