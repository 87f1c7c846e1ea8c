"""Places (楼院、楼栋、居民小组: below the community)."""
