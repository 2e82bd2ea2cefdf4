"""Asks the child which drivers it has loaded."""

from yipanqi.files import layer_intake


def loaded(_argument: None) -> list[str]:
    return sorted(layer_intake._gdal().list_drivers())
