"""Adjacency kept through edits is the adjacency of a rebuild."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.kernel import geometry
from yipanqi.matching.adjacency import Adjacency, Rows
from yipanqi.matching.assemblies import joined

GAP, EPSG = 10.0, 4549
#: A square of 100 m in degrees, roughly.
STEP = 0.001


def square(column: float, row: float, size: float = 0.97) -> bytes:
    """A parcel at a place of a grid; at the usual size neighbours lie 3 m apart."""
    west, south = 121.2 + column * STEP, 31.3 + row * STEP
    return geometry.box_wkb(west, south, west + size * STEP, south + size * STEP)


def built(parcels: dict[str, bytes | None]) -> Adjacency:
    return Adjacency(list(parcels), parcels.values(), gap_m=GAP, epsg=EPSG)


def grid(side: int) -> dict[str, bytes | None]:
    return {f"P{k:05}": square(k % side, k // side) for k in range(side * side)}


Edit = tuple[str, int, float, float, float]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["changed", "removed", "added", "split", "merged", "nulled"]),
        st.integers(0, 1000),
        st.floats(0, 4),
        st.floats(0, 4),
        st.floats(0.1, 2.5),
    ),
    min_size=1,
    max_size=12,
)


def apply(adjacency: Adjacency, parcels: dict[str, bytes | None], edit: Edit, number: int) -> None:
    """One edit on both: the object, and the parcels as they then are."""
    kind, pick, x, y, size = edit
    ids = sorted(parcels)
    one, new = ids[pick % len(ids)], [f"N{number}a", f"N{number}b"]
    if kind == "added":
        adjacency.added(new[:1], [square(x, y, size)])
        parcels[new[0]] = square(x, y, size)
    elif kind in {"changed", "nulled"}:
        parcels[one] = square(x, y, size) if kind == "changed" else None
        adjacency.changed([one], [parcels[one]])
    elif kind == "removed" and len(ids) > 1:
        adjacency.removed([one])
        del parcels[one]
    elif kind == "split":
        parts = [square(x, y, size / 2), square(x + size / 2, y, size / 2)]
        adjacency.split(one, [one, new[1]], parts)
        parcels |= {one: parts[0], new[1]: parts[1]}
    elif kind == "merged" and len(ids) > 2:
        other = ids[(pick + 1) % len(ids)]
        adjacency.merged([one, other], new[0], square(x, y, size))
        del parcels[one], parcels[other]
        parcels[new[0]] = square(x, y, size)


@settings(max_examples=60, deadline=None)
@given(EDITS)
def test_after_any_edits_it_is_the_adjacency_of_a_rebuild(edits: list[Edit]) -> None:
    parcels = grid(4)
    adjacency = built(parcels)
    for number, edit in enumerate(edits):
        apply(adjacency, parcels, edit, number)
    fresh = built(parcels)
    assert adjacency.edges().rows() == fresh.edges().rows()
    assert [adjacency.of(s) for s in parcels] == [fresh.of(s) for s in parcels]
    near, expected = adjacency.neighbours(sorted(parcels)), fresh.neighbours(sorted(parcels))
    assert near.start.tolist() == expected.start.tolist()
    assert near.to.tolist() == expected.to.tolist()


def test_it_means_by_touching_what_geometry_means() -> None:
    parcels = grid(5) | {"far": square(40, 40), "point": geometry.point_wkbs([121.2], [31.3])[0], "none": None}
    ids = list(parcels)
    i, j = geometry.touching(parcels.values(), GAP, EPSG)
    expected = {(ids[a], ids[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)}
    assert {tuple(sorted(pair)) for pair in expected} == set(built(parcels).edges().rows())


def test_kept_edges_are_taken_as_they_are() -> None:
    parcels = grid(4)
    edges = built(parcels).edges()
    again = Adjacency(list(parcels), parcels.values(), gap_m=GAP, epsg=EPSG, edges=edges)
    assert again.edges().rows() == edges.rows()
    again.removed(["P00005"])
    assert "P00005" not in again.of("P00006")
    assert again.edges().rows() == built({k: v for k, v in parcels.items() if k != "P00005"}).edges().rows()


def test_an_edit_tells_whose_neighbours_were_looked_at() -> None:
    adjacency = built(grid(4))
    assert adjacency.changed(["P00000"], [square(30, 30)]) == ("P00000", "P00001", "P00004", "P00005")
    assert adjacency.of("P00000") == ()


def test_ids_must_be_known_or_new() -> None:
    adjacency = built(grid(2))
    with pytest.raises(KeyError):
        adjacency.changed(["X"], [None])
    with pytest.raises(ValueError, match="P00001"):
        adjacency.added(["P00001"], [None])
    with pytest.raises(ValueError, match="id of its own"):
        Adjacency(["A", "A"], [None, None], gap_m=GAP, epsg=EPSG)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sets(st.integers(0, 30), max_size=12)), max_size=20))
def test_rows_can_grow_and_shrink_in_place(edits: list[tuple[int, set[int]]]) -> None:
    rows = Rows(joined(np.array([[0, 1], [1, 2]], dtype=np.int32), 5))
    expected: list[list[int]] = [[1], [0, 2], [1], [], []]
    for site, neighbours in edits:
        rows.put(site, np.array(sorted(neighbours), dtype=np.int32))
        expected[site] = sorted(neighbours)
    assert expected == [rows.of(site).tolist() for site in range(5)]


def test_an_edit_costs_its_surroundings_and_not_the_district() -> None:
    adjacency = built(grid(70))
    adjacency.changed(["P00000"], [square(0, 0)])
    begun = time.process_time()
    for k in range(20):
        adjacency.changed([f"P{k * 101:05}"], [square(k, k)])
    edit = (time.process_time() - begun) / 20
    begun = time.process_time()
    built(grid(70))
    assert edit * 20 < time.process_time() - begun
