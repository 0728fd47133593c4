"""The monitor: keeps what a person wants to see, in shared memory, for the dashboards to read."""

from actors.monitor.actor import EVENT, Monitor, MonitorConfig, TRADE

__all__ = ["EVENT", "Monitor", "MonitorConfig", "TRADE"]
