"""规划一张图: zones, limits and quotas; what may stand where, and what change would be needed."""
