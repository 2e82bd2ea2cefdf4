"""Plain packing problems: generalized assignment of types C, D, E and single-source facilities, ours and its peers."""

from benchmarks.worlds import packings


def digests() -> dict[str, str]:
    """What the generators make of the seeds."""
    return packings.digests()
