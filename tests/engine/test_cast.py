"""The cast keeps the schemas and the order does not matter."""

import cast


def test_the_small_district_keeps_every_schema() -> None:
    facts = cast.facts().sorted()
    assert (facts.sites.height, facts.projects.height) == (12, 6)
