"""A fleet is drawn from its seed alone: sizes from small to large, profiles in turn, districts that differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.policy.rulebook import PROFILES
from yipanqi.simulation.district import DEMO_AS_OF
from yipanqi.simulation.fleet import facts_of, members


@given(st.integers(1, 60), st.integers(0, 2**31), st.integers(1, 100), st.integers(0, 400))
def test_sizes_rise_from_the_smallest_to_the_largest(count: int, seed: int, smallest: int, more: int) -> None:
    drawn = members(count, seed, smallest=smallest, largest=smallest + more)
    sizes = [member.projects for member in drawn]
    assert sizes == sorted(sizes)
    assert sizes[0] == smallest
    assert sizes[-1] == (smallest + more if count > 1 else smallest)
    assert len({member.name for member in drawn}) == count


def test_every_profile_has_its_turn() -> None:
    assert {member.profile for member in members(6, 5)} == set(PROFILES)


def test_the_same_seed_gives_the_same_fleet_and_another_seed_another() -> None:
    assert members(8, 3) == members(8, 3) != members(8, 4)


def test_a_members_facts_bear_its_name_and_size() -> None:
    (member,) = members(1, 2, smallest=4, largest=4)
    facts = facts_of(member, DEMO_AS_OF)
    assert (facts.projects.height, facts.sites.height, facts.synthetic) == (4, 56, True)
    assert facts.district.endswith(" D001")


@pytest.mark.parametrize(("count", "smallest", "largest"), [(0, 1, 2), (1, 0, 2), (1, 3, 2)])
def test_a_fleet_without_districts_or_order_is_a_mistake(count: int, smallest: int, largest: int) -> None:
    with pytest.raises(ValueError, match="in order"):
        members(count, 1, smallest=smallest, largest=largest)
