"""一盘棋: a district's industrial land, plants and projects played as one board.

The engine: facts + rules → answers. It knows no web, no database, no clock and no network.
"""

__version__ = "0.1.0"
