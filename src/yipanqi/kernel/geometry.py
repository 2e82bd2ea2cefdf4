"""The only door to shapely and pyproj."""

import shapely


def box_wkb(west: float, south: float, east: float, north: float) -> bytes:
    """The rectangle between four coordinates as WKB."""
    return bytes(shapely.to_wkb(shapely.box(west, south, east, north)))
