"""开发一盘棋: every project against every site at once, the scenarios, prices and the division of the gain."""
