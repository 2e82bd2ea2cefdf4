import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.kernel import geometry
from yipanqi.policy.rulebook import PROFILES, load
from yipanqi.simulation.geography import Frame, borders, frame_of, ring_area_m2, wkb
from yipanqi.simulation.ground import BUILT, WATER, Ground
from yipanqi.simulation.settings import settings as settings_of


def drawn(profile: str, seed: int) -> list[shapely.Geometry]:
    given_ = settings_of(load(profile))
    rng = np.random.Generator(np.random.PCG64(seed))
    frame = frame_of(given_.towns)
    return list(shapely.from_wkb([wkb(frame, r) for r in borders(given_.towns, frame, given_.borders, rng)]))


@pytest.mark.parametrize("profile", PROFILES)
def test_borders_leave_no_gap_and_no_overlap(profile):
    shapes = drawn(profile, 1)
    whole = shapely.union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert sum(s.area for s in shapes) == pytest.approx(whole.area, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_borders_are_valid_whatever_the_seed(seed):
    shapes = drawn("jiading", seed)
    assert all(s.is_valid and s.geom_type == "Polygon" for s in shapes)


def test_metres_of_the_local_plane_agree_with_the_projection():
    frame = Frame(121.25, 31.35)
    ring = np.array([[0, 0], [3000, 0], [3000, 2000], [0, 2000], [0, 0]], dtype=float)
    assert geometry.areas_m2([wkb(frame, [ring])], 4549)[0] == pytest.approx(6_000_000, rel=1e-3)
    assert frame.metres(frame.degrees(ring)) == pytest.approx(ring)


def test_the_raster_agrees_with_the_polygon():
    ring = np.array([[0, 0], [4000, 500], [3000, 4000], [500, 3000], [0, 0]], dtype=float)
    hole = np.array([[1500, 1500], [2500, 1500], [2500, 2500], [1500, 2500], [1500, 1500]], dtype=float)
    ground = Ground([[ring, hole]])
    assert ground.area_m2 == pytest.approx(ring_area_m2(ring) - ring_area_m2(hole), rel=0.02)
    spots = np.array([[2000.0, 700.0], [2000.0, 2000.0], [-500.0, 100.0], [9000.0, 9000.0]])
    assert ground.owner(spots).tolist() == [0, -1, -1, -1]


def test_taken_ground_is_not_free_again_and_banks_only_to_those_who_may():
    ground = Ground([[np.array([[0, 0], [4000, 0], [4000, 4000], [0, 4000], [0, 0]], dtype=float)]])
    river, house, meadow = (np.array([[x, 2000.0]]) for x in (500.0, 2000.0, 3500.0))
    ground.take(river, WATER)
    ground.take(house, BUILT)
    assert [ground.free(p, 0) for p in (river, house, meadow)] == [False, False, True]
    assert [ground.free(p, 0, wet=True) for p in (river, house, meadow)] == [True, False, True]
