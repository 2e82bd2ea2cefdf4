"""Growth: the whole main job from a district of 100 projects to one of 10,000, each stage timed apart."""

from benchmarks.worlds import district


def digests() -> dict[str, str]:
    """The districts' digests."""
    return district.digests()
