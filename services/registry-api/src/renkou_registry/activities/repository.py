"""The table of activities by name; the statements are in :mod:`renkou_registry.records`."""

from renkou_registry.records import AreaTable

ACTIVITIES = AreaTable("activity", "活动", "activity")
