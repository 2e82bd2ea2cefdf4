"""Measures, relations, frames, and the gate that lets nothing dangerous through to GEOS."""

import math
import struct
import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.kernel import geometry
from yipanqi.kernel.geometry import Frame
from yipanqi.policy.wording import sentence

EPSG = 4549


def square(x: float, y: float, side: float = 0.01) -> bytes:
    """A square near the district, its place in units of a hundredth of a degree."""
    west, south = 121.2 + x * 0.01, 31.3 + y * 0.01
    return geometry.box_wkb(west, south, west + side, south + side)


# --- measures and relations


def test_an_area_is_that_of_the_ellipsoid_within_the_projections_distortion() -> None:
    from pyproj import Geod

    polygon = square(0, 0)
    true = abs(Geod(ellps="GRS80").geometry_area_perimeter(shapely.from_wkb(polygon))[0])
    assert geometry.areas_m2([polygon], EPSG)[0] == pytest.approx(true, rel=1e-3)


def test_nulls_have_no_area_no_box_no_inside_and_no_ring() -> None:
    lon, lat = geometry.inside_points([None])
    assert np.isnan([geometry.areas_m2([None], EPSG)[0], *geometry.bounds([None])[0], lon[0], lat[0]]).all()
    assert geometry.rings(None) == []


def test_nothing_in_gives_nothing_out() -> None:
    assert geometry.areas_m2([], EPSG).tolist() == []
    assert [a.tolist() for a in geometry.overlaps([], [square(0, 0)], EPSG)] == [[], [], []]
    assert [a.tolist() for a in geometry.touching([], 1.0, EPSG)] == [[], []]
    assert geometry.outside_shares([], [], EPSG).tolist() == []


def test_overlaps_name_site_zone_and_area_in_order() -> None:
    sites = [square(1, 0), None, square(0, 0), *geometry.point_wkbs([121.205, math.nan], [31.305, 31.3])]
    zones = [square(5, 5), square(0, 0, 0.015), square(0, 0)]
    i, j, area = geometry.overlaps(sites, zones, EPSG)
    assert list(zip(i, j, strict=True)) == [(0, 1), (2, 1), (2, 2), (3, 1), (3, 2)]
    whole = geometry.areas_m2([sites[2]], EPSG)[0]
    assert area.tolist() == pytest.approx([whole / 2, whole, whole, 0, 0], rel=1e-3)


def test_polygons_that_share_a_border_touch_but_do_not_overlap() -> None:
    left, right = square(0, 0), square(1, 0)
    assert geometry.overlaps([left], [right], EPSG)[0].tolist() == []
    assert [a.tolist() for a in geometry.touching([left, None, right], 0.5, EPSG)] == [[0], [2]]


def test_a_lane_narrower_than_the_gap_does_not_part_neighbours() -> None:
    lane = 0.0001  # 9.5 m
    pair = [square(0, 0), square(1 + lane * 100, 0)]
    assert geometry.touching(pair, 12.0, EPSG)[0].tolist() == [0]
    assert geometry.touching(pair, 8.0, EPSG)[0].tolist() == []


@settings(deadline=None)
@given(st.permutations(range(9)))
def test_pairs_do_not_depend_on_the_order_of_the_rows(order: list[int]) -> None:
    grid = [square(k % 3, k // 3) for k in range(9)]

    def named(pairs: tuple[np.ndarray, np.ndarray], key: list[int]) -> set[frozenset[int]]:
        return {frozenset((key[a], key[b])) for a, b in zip(*pairs, strict=True)}

    expected = named(geometry.touching(grid, 1.0, EPSG), list(range(9)))
    assert named(geometry.touching([grid[k] for k in order], 1.0, EPSG), order) == expected
    assert len(expected) == 12 + 8  # sides and corners


def test_the_share_outside_the_district() -> None:
    district = [square(0, 0), square(1, 0)]
    things = [square(0.5, 0), square(1.5, 0), square(7, 0), None, *geometry.point_wkbs([121.205, 122], [31.305, 31])]
    expected = [0.0, 0.5, 1.0, math.nan, 0.0, 1.0]
    assert geometry.outside_shares(things, district, EPSG).tolist() == pytest.approx(expected, abs=1e-3, nan_ok=True)
    assert geometry.outside_shares([square(0, 0)], [], EPSG).tolist() == [1.0]


def test_a_point_inside_a_ring_shaped_parcel_lies_on_the_ring() -> None:
    ring = shapely.difference(shapely.from_wkb(square(0, 0, 0.03)), shapely.from_wkb(square(1, 1, 0.01)))
    lon, lat = geometry.inside_points([shapely.to_wkb(ring)])
    assert shapely.contains_xy(ring, lon[0], lat[0])
    assert [len(r) for r in geometry.rings(shapely.to_wkb(ring))] == [5, 5]


def test_simplified_rings_have_fewer_points() -> None:
    circle = shapely.to_wkb(shapely.Point(121.2, 31.3).buffer(0.01, quad_segs=64))
    assert len(geometry.rings(circle, 0.0005)[0]) < len(geometry.rings(circle)[0]) / 4


def test_distances_agree_with_the_ellipsoid() -> None:
    from pyproj import Geod

    lon, lat = np.array([121.2, 121.4, math.nan]), np.array([31.3, 31.1, 31.0])
    true = Geod(ellps="GRS80").inv(lon[:2], lat[:2], np.full(2, 121.5), np.full(2, 31.2))[2] / 1000
    found = geometry.distances_km(lon, lat, 121.5, 31.2)
    assert found[:2] == pytest.approx(true, rel=5e-3)
    assert np.isnan(found[2])


# --- frames


def test_a_projected_layer_comes_home() -> None:
    from pyproj import Transformer

    east, north = Transformer.from_crs(4490, EPSG, always_xy=True).transform(121.2, 31.3)
    (back,) = geometry.to_canonical([bytes(shapely.to_wkb(shapely.Point(east, north, 7.0)))], "EPSG:4549")
    assert shapely.get_coordinates(shapely.from_wkb(back)).tolist() == [pytest.approx([121.2, 31.3], abs=1e-9)]
    assert not shapely.has_z(shapely.from_wkb(back))


def test_only_projected_systems_measure_metres() -> None:
    with pytest.raises(ValueError, match="4490"):
        geometry.areas_m2([square(0, 0)], 4490)
    with pytest.raises(ValueError, match="unknown coordinate system"):
        geometry.is_projected("EPSG:1")


@pytest.mark.parametrize(
    ("crs", "datum"),
    [("EPSG:4490", None), ("EPSG:4326", None), ("EPSG:32651", None), ("EPSG:4214", "Beijing 1954")],
)  # fmt: skip
def test_old_datums_are_named(crs: str, datum: str | None) -> None:
    assert geometry.old_datum(crs) == datum


def test_a_known_point_of_a_web_map_moves_back() -> None:
    # Tiananmen in the three frames, as widely published.
    lon, lat = geometry.unshifted([116.404], [39.915], Frame.BD09)
    assert [lon[0], lat[0]] == pytest.approx([116.3913, 39.9073], abs=2e-4)


@given(st.floats(120.8, 122.1), st.floats(30.6, 31.9))
def test_the_shift_is_hundreds_of_metres_and_its_inverse_exact(lon: float, lat: float) -> None:
    from yipanqi.kernel.geometry.frames import _shift

    dx, dy = _shift(np.array([lon]), np.array([lat]))
    back_lon, back_lat = geometry.unshifted([lon + dx[0]], [lat + dy[0]], Frame.GCJ02)
    assert [back_lon[0], back_lat[0]] == pytest.approx([lon, lat], abs=1e-8)
    assert 0.1 < geometry.distances_km(lon, lat, lon + dx, lat + dy)[0] < 1.0


@pytest.mark.parametrize(
    ("box", "projected", "rule"),
    [
        ((121.1, 31.2, 121.4, 31.5), False, None),
        ((519_000, 3_463_000, 540_000, 3_480_000), True, None),
        ((121.1, 31.2, 121.4, 31.5), True, "geometry.degrees_in_metric"),
        ((519_000, 3_463_000, 540_000, 3_480_000), False, "geometry.metric_in_degrees"),
        ((31.2, 121.1, 31.5, 121.4), False, "geometry.axes_swapped"),
    ],
)
def test_coordinates_must_suit_their_system(box: tuple[float, ...], projected: bool, rule: str | None) -> None:
    finding = geometry.misplaced(box, projected=projected)
    assert (finding and finding.rule) == rule
    assert finding is None or (sentence(finding) and sentence(finding, "en"))


# --- the gate


def _polygon(*rings: list[tuple[float, ...]]) -> bytes:
    body = b"".join(struct.pack("<I", len(r)) + b"".join(struct.pack(f"<{len(p)}d", *p) for p in r) for r in rings)
    return struct.pack("<BII", 1, 3, len(rings)) + body


SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]


def _nested(levels: int) -> bytes:
    return struct.pack("<BII", 1, 7, 1) * levels + _polygon(SQUARE)


@pytest.mark.parametrize(
    ("wkb", "rule"),
    [
        (_polygon(SQUARE), None),
        (shapely.to_wkb(shapely.Point(1, 2, 3)), None),
        (shapely.to_wkb(shapely.from_wkt("POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))"), flavor="iso"), None),
        (shapely.to_wkb(shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]), byte_order=0), None),
        (shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2), 4490), include_srid=True), None),
        (b"", "geometry.unreadable"),
        (b"\x07\x01\x00\x00\x00", "geometry.unreadable"),
        (_polygon(SQUARE)[:-3], "geometry.unreadable"),
        (_polygon(SQUARE) + b"\x00", "geometry.unreadable"),
        (struct.pack("<BII", 1, 3, 4_000_000_000), "geometry.unreadable"),
        (struct.pack("<BIII", 1, 3, 1, 4_000_000_000), "geometry.vertices"),
        (_nested(4), "geometry.depth"),
        (_nested(3), "geometry.kind"),
        (_nested(100_000), "geometry.vertices"),
        (_polygon([(float(k), 0.0) for k in range(20_001)]), "geometry.vertices"),
        (_polygon([(0.0, 0.0), (1.0, math.inf), (1.0, 1.0), (0.0, 0.0)]), "geometry.infinite"),
        (_polygon([(0.0, 0.0), (1.0, math.nan), (1.0, 1.0), (0.0, 0.0)]), "geometry.infinite"),
        (_polygon(SQUARE[:3]), "geometry.ring_short"),
        (_polygon(SQUARE[:4]), "geometry.ring_open"),
        (shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)])), "geometry.kind"),
        (struct.pack("<BII", 1, 8, 0), "geometry.kind"),
        (shapely.to_wkb(shapely.Polygon()), "geometry.empty"),
        (shapely.to_wkb(shapely.Point()), "geometry.empty"),
    ],
)
def test_the_gate_names_the_first_fault(wkb: bytes, rule: str | None) -> None:
    finding = geometry.gate(wkb)
    assert (finding and finding.rule) == rule
    assert finding is None or (sentence(finding) and sentence(finding, "en"))


@given(st.binary(max_size=200))
def test_what_passes_the_gate_is_readable(noise: bytes) -> None:
    for wkb in (noise, b"\x01\x03\x00\x00\x00\x01\x00\x00\x00" + noise):
        if geometry.gate(wkb) is None:
            assert shapely.from_wkb(wkb) is not None


def test_a_crossing_border_is_found_and_placed_and_never_mended() -> None:
    bow = _polygon([(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)])
    loose = _polygon(SQUARE, [(5.0, 5.0), (6.0, 5.0), (6.0, 6.0), (5.0, 5.0)])
    far = _polygon([(0.0, 0.0), (1e308, 0.0), (1e308, 1e308), (0.0, 0.0)])
    found = geometry.faults([_polygon(SQUARE), bow, None, loose, far])
    assert {i: f.rule for i, f in found.items()} == {1: "geometry.self_crossing", 3: "geometry.rings"}
    assert found[1].params == {"lon": 1.0, "lat": 1.0}
    assert "东经1.000000" in sentence(found[1])


@pytest.mark.parametrize("count", [200, 19_999])
def test_a_ring_of_random_vertices_is_refused_at_once(count: int) -> None:
    points = np.random.default_rng(7).random((count, 2))
    ring = _polygon([tuple(p) for p in [*points, points[0]]])
    assert geometry.gate(ring) is None
    start = time.perf_counter()
    assert geometry.faults([ring])[0].rule == "geometry.self_crossing"
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", None),
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", None),
        ("GEOMETRYCOLLECTION (" * 100_000 + "POINT (0 0)" + ")" * 100_000, "geometry.vertices"),
        ("GEOMETRYCOLLECTION (" * 50_000 + "POINT (0 0)" + ")" * 50_000, "geometry.depth"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0", "geometry.unreadable"),
        ("POLYGON ((0 0, 1 0, 1 1))", "geometry.unreadable"),
        ("地块", "geometry.unreadable"),
        ("", "geometry.unreadable"),
        ("POINT EMPTY", "geometry.empty"),
        ("LINESTRING (0 0, 1 1)", "geometry.kind"),
    ],
)
def test_text_goes_through_the_gate_too(text: str, rule: str | None) -> None:
    found = geometry.from_wkt(text)
    assert (None if isinstance(found, bytes) else found.rule) == rule


def test_closed_lines_of_a_drawing_become_polygons_and_open_ones_are_named() -> None:
    closed, open_ = shapely.LineString(SQUARE), shapely.LineString(SQUARE[:4])
    assert geometry.line_as_polygon(shapely.to_wkb(closed)) == _polygon(SQUARE)
    assert geometry.gate(geometry.line_as_polygon(shapely.to_wkb(open_))).rule == "geometry.ring_open"
    point = shapely.to_wkb(shapely.Point(1, 2))
    assert geometry.line_as_polygon(point) == point
