"""What runs beside the pages: the tick, the worker, and the tasks it does. Each calls one action."""
