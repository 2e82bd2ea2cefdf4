"""The pool is rich and diverse; what is shown is different and not dominated."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
import matched
from yipanqi.matching.drafts import Draft, Unit
from yipanqi.matching.figures import Figures
from yipanqi.matching.pool import SchemeOptions, differs, diverse, kept, shown, undominated
from yipanqi.matching.setting import prepared

SETTING = prepared(*matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
NONE = Figures(1.0, 0.0, True, 0, 0, 0.0, 0.0, 0.0, 1.0)


def draft(sites: tuple[int, ...], merits: tuple[float, ...], score: float = 0.5) -> Draft:
    """A draft of project A1 on the given sites."""
    units = tuple(Unit(1, s, 100.0) for s in sorted(sites))
    return Draft("A1", units, False, NONE, need_m2=100.0, wanted=0, score=score, merits=merits)


merits = st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3)
some_sites = st.sets(st.integers(0, 11), min_size=1, max_size=3).map(lambda s: tuple(sorted(s)))
drafts = st.lists(st.builds(draft, some_sites, merits, st.sampled_from([0.2, 0.4, 0.6])), max_size=12)


def beats(one: Draft, other: Draft) -> bool:
    """As good in everything and better in something."""
    pairs = list(zip(one.merits, other.merits, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


@given(drafts)
def test_the_undominated_are_those_nobody_beats(many: list[Draft]) -> None:
    expected = [d for d in many if not any(beats(e, d) for e in many)]
    assert undominated(many) == expected


@settings(max_examples=200)
@given(drafts, st.sets(st.integers(0, 11)))
def test_the_shown_neither_beat_nor_repeat_each_other(many: list[Draft], weak: set[int]) -> None:
    many = sorted(many, key=lambda d: -d.score)
    first_class = {id(d) for i, d in enumerate(many) if i not in weak}
    chosen = shown(many, lambda d: id(d) in first_class, SETTING.ground, 3)
    pairs = [(a, b) for a in chosen for b in chosen if a is not b]
    assert [p for p in pairs if beats(*p) or not differs(*p)] == []
    assert len(chosen) <= 3
    assert bool(chosen) == bool(many)
    ranks = [id(d) not in first_class for d in chosen]
    assert ranks == sorted(ranks)


@given(drafts.filter(bool))
def test_the_best_undominated_is_shown_first(many: list[Draft]) -> None:
    many = sorted(many, key=lambda d: -d.score)
    chosen = shown(many, lambda d: True, SETTING.ground, 3)
    assert chosen[0] is undominated(many)[0]


def test_a_second_kind_goes_before_a_better_scheme_of_the_same_kind() -> None:
    index = SETTING.ground.index
    n1, n2, n3, s1 = (index[s] for s in ("N1", "N2", "N3", "S1"))
    many = [
        draft((n1,), (1.0, 0.0, 0.5), 0.9),
        draft((n3,), (0.9, 0.1, 0.5), 0.8),
        draft((s1, n2), (0.0, 1.0, 0.5), 0.2),
    ]
    assert [d.sites for d in shown(many, lambda d: True, SETTING.ground, 2)] == [(n1,), tuple(sorted((n2, s1)))]


@given(
    st.lists(st.tuples(some_sites, st.tuples(st.integers(0, 2), st.integers(0, 2)), st.booleans()), max_size=40),
    st.integers(1, 12),
    st.integers(0, 5),
)
def test_what_is_kept_fills_the_pool_and_has_each_group(
    entries: list[tuple[tuple[int, ...], tuple[int, int], bool]], size: int, own: int
) -> None:
    sites, groups, home = ([e[i] for e in entries] for i in range(3))
    options = SchemeOptions(pool_count=size, own_count=min(own, size))
    places = diverse(sites, groups, home, options)
    assert len(places) == min(size, len(entries))
    assert places == sorted(set(places))


@pytest.mark.parametrize(("own", "kept_at_home"), [(1, 1), (2, 2), (3, 3)])
def test_the_best_of_the_own_town_are_kept_before_any_turn(own: int, kept_at_home: int) -> None:
    """Better places in three other towns, three of the own town, room for four."""
    ground = SETTING.ground
    home = [ground.index[s] for s in ("N1", "N2", "N3")]
    away = [ground.index[s] for s in ("S1", "K1", "E1", "E4", "K2")]
    many = [draft((s,), (1.0,), 0.9) for s in away] + [draft((s,), (0.1,), 0.1) for s in home]
    found = kept(many, ground, "T1", SchemeOptions(pool_count=4, own_count=own))
    assert (len(found), sum(d.sites[0] in home for d in found)) == (4, kept_at_home)


def test_every_town_has_its_best_in_the_pool() -> None:
    answer = matched.answered(cast.facts(), SchemeOptions(pool_count=3, own_count=1))
    towns = answer.schemes.filter(pl.col("project_id") == "A1")["town_ids"].explode()
    assert set(towns) == {"T1", "T2", "P1"}
