"""Layers come in through a limited child, whole or with a finding; they go out byte for byte the same."""

import json
import os
import struct
import time
import warnings
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from pyogrio.raw import write

from yipanqi.files import gis, layer_intake
from yipanqi.kernel import geometry
from yipanqi.policy.wording import sentence

ON = date(2026, 6, 30)
DISTRICT = (121.1, 31.2)


def square(x: float, y: float = 0.0, side: float = 0.01) -> bytes:
    west, south = DISTRICT[0] + x * 0.01, DISTRICT[1] + y * 0.01
    return geometry.box_wkb(west, south, west + side, south + side)


def metres(wkb: bytes, epsg: int = 4549) -> bytes:
    from pyproj import Transformer

    transform = Transformer.from_crs(4490, epsg, always_xy=True).transform
    return bytes(shapely.to_wkb(shapely.transform(shapely.from_wkb(wkb), transform, interleaved=False)))


FRAME = pl.DataFrame(
    {
        "编号": ["B", "A", None],
        "面积": [1.5, None, 3.0],
        "层数": [None, 2, 3],
        "净地": [date(2026, 1, 1), None, date(2026, 3, 1)],
        "可分": [True, False, None],
        "方向": [["36", "39"], None, []],
        "geometry_wkb": [square(0), None, square(2)],
    },
    schema_overrides={"geometry_wkb": pl.Binary},
)


def layer(path: Path, wkbs: list[bytes | None], crs: str | None = "EPSG:4490", **fields: list[Any]) -> Path:
    """A file of these geometries, in the format of its suffix, with a column for each keyword."""
    shapes = np.empty(len(wkbs), dtype=object)
    shapes[:] = wkbs
    driver = layer_intake.DRIVERS[path.suffix][0]
    data = [np.array(v, dtype=object if isinstance(v[0], str) else None) for v in fields.values()]
    kind = "Polygon" if driver == "OpenFileGDB" else "Unknown"
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # GDAL's writer wants a coordinate system
        write(path, shapes, data, list(fields), driver=driver, geometry_type=kind, crs=crs)
    return path


def rules(findings: tuple) -> list[tuple[str, int | None]]:
    """Rule and row of each finding; every one of them has words and names the file."""
    for finding in findings:
        assert sentence(finding) != sentence(finding, "en")
        assert finding.file
    return [(f.rule, f.row) for f in findings]


# --- reading


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".gdb"])
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    path = layer(tmp_path / f"地块{suffix}", [square(0), square(1)], name=["嘉定", "安亭"], area=[1.0, 2.5])
    frame, findings = gis.read_layer(path)
    assert rules(findings) == []
    assert [name for name, _, _ in gis.read_layers(path)] == ["地块"]
    assert frame.select("row", "name", "area").rows() == [(1, "嘉定", 1.0), (2, "安亭", 2.5)]
    expected = geometry.bounds([square(0), square(1)])
    assert geometry.bounds(frame["geometry_wkb"]) == pytest.approx(expected, abs=1e-9)


def test_a_drawing_gives_its_closed_lines_as_polygons(tmp_path: Path) -> None:
    ring = shapely.get_exterior_ring(shapely.from_wkb(metres(square(0))))
    path = tmp_path / "地块.dxf"
    shapes = np.array(
        [shapely.to_wkb(ring), shapely.to_wkb(shapely.LineString([(0, 0), (1, 1), (2, 0), (3, 3)]))], object
    )
    write(path, shapes, [], [], driver="DXF", geometry_type="LineString", crs="EPSG:4549")
    assert rules(gis.read_layer(path)[1]) == [("gis.no_crs", None)]
    frame, findings = gis.read_layer(path, crs="EPSG:4549")
    assert rules(findings) == [("geometry.ring_open", 2)]
    assert geometry.areas_m2(frame["geometry_wkb"], 4549) == pytest.approx(
        geometry.areas_m2([square(0)], 4549), rel=1e-6
    )


def test_layers_of_one_file_may_be_in_different_systems(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    for name, crs, wkb in (("度", "EPSG:4490", square(0)), ("米", "EPSG:4549", metres(square(0)))):
        shapes = np.array([wkb], dtype=object)
        write(path, shapes, [], [], driver="GPKG", layer=name, geometry_type="Polygon", crs=crs, append=path.exists())
    assert [name for name, _, _ in gis.read_layers(path)] == ["度", "米"]
    boxes = [geometry.bounds(gis.read_layer(path, name)[0]["geometry_wkb"]) for name in ("度", "米")]
    assert boxes[0] == pytest.approx(boxes[1], abs=1e-8)
    assert rules(gis.read_layer(path, "没有")[1]) == [("gis.no_layer", None)]


def test_a_row_with_a_broken_border_is_kept_out_and_named(tmp_path: Path) -> None:
    bow = shapely.to_wkb(shapely.Polygon([(121.1, 31.2), (121.2, 31.3), (121.2, 31.2), (121.1, 31.3)]))
    line = shapely.to_wkb(shapely.LineString([(121.1, 31.2), (121.2, 31.3)]))
    path = layer(tmp_path / "a.gpkg", [square(0), bow, line, None], id=["a", "b", "c", "d"])
    frame, findings = gis.read_layer(path)
    assert rules(findings) == [("geometry.self_crossing", 2), ("geometry.kind", 3)]
    assert frame.select("row", "id", pl.col("geometry_wkb").is_null()).rows() == [(1, "a", False), (4, "d", True)]


def test_attributes_called_like_ours_are_not_lost(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", [square(0)], row=["x"], geometry_wkb=["y"])
    assert gis.read_layer(path)[0].select("row", "row_given", "geometry_wkb_given").rows() == [(1, "x", "y")]


@pytest.mark.parametrize(
    ("wkbs", "crs", "expected"),
    [
        ([square(0), square(1)], "EPSG:4549", [("geometry.degrees_in_metric", None)]),
        ([metres(square(0)), metres(square(1))], "EPSG:4490", [("geometry.metric_in_degrees", None)]),
        ([metres(square(0)), square(1)], "EPSG:4549", [("geometry.degrees_in_metric", 2)]),
        ([square(0), metres(square(1))], "EPSG:4490", [("geometry.metric_in_degrees", 2)]),
        ([geometry.box_wkb(31.2, 121.1, 31.3, 121.2)], "EPSG:4490", [("geometry.axes_swapped", 1)]),
        ([geometry.box_wkb(0.0, 0.0, 1.0, 1.0)], "EPSG:4490", [("geometry.abroad", 1)]),
        ([metres(square(0), 4528)], "EPSG:4549", [("geometry.infinite", 1)]),
        ([square(0)], None, [("gis.crs_assumed", None)]),
        ([metres(square(0))], None, [("gis.no_crs", None)]),
        ([square(0)], "EPSG:4214", [("gis.old_datum", None)]),
        ([metres(square(0))], 'LOCAL_CS["上海城市坐标",UNIT["metre",1]]', [("gis.unknown_crs", None)]),
        ([], "EPSG:4490", [("gis.empty_layer", None)]),
    ],
)
def test_a_layer_in_the_wrong_place_is_told(tmp_path: Path, wkbs: list, crs: str | None, expected: list) -> None:
    path = layer(tmp_path / "a.gpkg", wkbs, crs)
    frame, findings = gis.read_layer(path)
    assert rules(findings) == expected
    blocked = {f.row for f in findings if f.blocks}
    assert frame.height == (0 if None in blocked else len(wkbs) - len(blocked))


def test_a_web_map_layer_moves_back_when_its_frame_is_stated(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.geojson", [square(0)], "EPSG:4326")
    frame, findings = gis.read_layer(path, crs="GCJ-02")
    assert rules(findings) == [("gis.shifted", None)]
    moved = geometry.distances_km(*geometry.bounds(frame["geometry_wkb"])[0, :2], *geometry.bounds([square(0)])[0, :2])
    assert 0.3 < moved < 0.8


@pytest.mark.parametrize(
    ("page", "encoding", "expected"),
    [
        ("GB18030", "GB18030", []),
        ("UTF-8", "UTF-8", []),
        ("936", "GB18030", []),
        ("ANSI 936", "GB18030", []),
        (None, "GB18030", [("gis.encoding_guessed", None)]),
        (None, "UTF-8", [("gis.encoding_guessed", None)]),
        ("UTF-8", "GB18030", [("gis.encoding", None)]),
    ],
)
def test_chinese_shapefiles_are_read_whatever_their_code_page(tmp_path, page, encoding, expected) -> None:
    path = tmp_path / "a.shp"
    shapes = np.array([square(0)], dtype=object)
    names = np.array(["嘉定区安亭镇"], dtype=object)
    write(
        path,
        shapes,
        [names],
        ["名称"],
        driver="ESRI Shapefile",
        geometry_type="Polygon",
        crs="EPSG:4490",
        encoding=encoding,
    )
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0
    path.with_suffix(".dbf").write_bytes(table)
    path.with_suffix(".cpg").unlink()
    if page:
        path.with_suffix(".cpg").write_text(page)
    frame, findings = gis.read_layer(path)
    assert [r for r in rules(findings) if r[0] != "gis.encoding_guessed" or page is None] == expected
    if expected != [("gis.encoding", None)]:
        assert frame.select("名称").rows() == [("嘉定区安亭镇",)]


# --- what is refused


def test_files_that_are_not_what_they_say_are_refused(tmp_path: Path) -> None:
    texts = {
        "a.gpkg": b"PK\x03\x04", "b.geojson": b"<OGRVRTDataSource/>", "c.shp": b"\x00\x00\x27", "d.dwg": b"AC1032",
        "e.geojson": b"  \n", "f.geojson": b'{"type": "FeatureCollection", "features": [', "g.zip": b"PK",
        "h.gpkg": b"",
        "i.geojson": b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}',
        "j.gpkg": b"SQLite format 3\x00" + bytes(100),
    }  # fmt: skip
    expected = {
        "a.gpkg": "gis.wrong_extension", "b.geojson": "gis.wrong_extension", "c.shp": "gis.wrong_extension",
        "d.dwg": "gis.format", "e.geojson": "gis.empty_file", "f.geojson": "gis.unreadable", "g.zip": "gis.format",
        "h.gpkg": "gis.empty_file", "i.geojson": "gis.unreadable", "j.gpkg": "gis.unreadable",
    }  # fmt: skip
    found = {}
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
        frame, findings = gis.read_layer(tmp_path / name)
        ((found[name], _),) = rules(findings)
        assert (frame.height, [f.height for _, f, _ in gis.read_layers(tmp_path / name)]) == (0, [0])
    assert found == expected


def test_only_the_listed_drivers_are_loaded() -> None:
    from yipanqi.kernel.executor import apart

    loaded = apart("engine.files.drivers:loaded", None, cpu_s=9, memory_bytes=3 * 2**29, wall_s=20)
    assert loaded == sorted({driver for driver, _ in layer_intake.DRIVERS.values()})


def test_a_damaged_shapefile_is_a_finding(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.shp", [square(0)], name=["x"])
    path.write_bytes(path.read_bytes()[:50])
    path.with_suffix(".shx").unlink()
    assert [rule for rule, _ in rules(gis.read_layer(path)[1])] == ["gis.unreadable"]


def test_a_layer_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.geojson"
    with path.open("wb") as file:
        file.write(b"{")
        file.truncate(layer_intake.MAX_BYTES + 1)
    assert rules(gis.read_layer(path)[1]) == [("gis.too_large", None)]


@pytest.mark.parametrize("levels", [30, 500_000])
def test_deeply_nested_geometry_is_a_finding_within_seconds(tmp_path: Path, levels: int) -> None:
    path = tmp_path / "deep.geojson"
    inner = '{"type":"Point","coordinates":[121.1,31.2]}'
    shape = '{"type":"GeometryCollection","geometries":[' * levels + inner + "]}" * levels
    path.write_text(
        f'{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{}},"geometry":{shape}}}]}}'
    )
    start = time.monotonic()
    found = {rule for rule, _ in rules(gis.read_layer(path)[1])}
    assert found
    assert found <= {"geometry.depth", "geometry.kind", "gis.unreadable", "gis.exhausted"}
    assert time.monotonic() - start < 10


def test_a_ring_of_random_vertices_in_a_file_is_a_finding_within_seconds(tmp_path: Path) -> None:
    points = np.random.default_rng(3).random((200, 2)) * 0.1 + DISTRICT
    ring = shapely.to_wkb(shapely.Polygon(points))
    path = layer(tmp_path / "a.gpkg", [ring])
    assert rules(gis.read_layer(path)[1]) == [("geometry.self_crossing", 1)]


def test_unclosed_and_infinite_rings_stored_in_a_geopackage_are_findings(tmp_path: Path) -> None:
    import sqlite3

    path = layer(tmp_path / "a.gpkg", [square(0), square(1)])
    database = sqlite3.connect(path)
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{trigger}"')  # they call functions only GDAL has
    broken = {
        1: [(121.1, 31.2), (121.2, 31.2), (121.2, 31.3), (121.1, 31.3)],
        2: [(121.1, 31.2), (121.2, float("nan"))],
    }
    for fid, points in broken.items():
        body = struct.pack("<BIII", 1, 3, 1, len(points)) + b"".join(struct.pack("<2d", *p) for p in points)
        (blob,) = database.execute("SELECT geom FROM a WHERE fid = ?", (fid,)).fetchone()
        database.execute("UPDATE a SET geom = ? WHERE fid = ?", (blob[:40] + body, fid))
    database.commit()
    database.close()
    frame, findings = gis.read_layer(path)
    assert [(f.row, f.rule) for f in findings] == [(1, "geometry.ring_open"), (2, "geometry.infinite")]
    assert frame.height == 0


@pytest.mark.real_data
@pytest.mark.skipif("YIPANQI_REAL_DATA" not in os.environ, reason="no real data")
def test_the_real_towns_are_read_whole() -> None:
    folder = Path(os.environ["YIPANQI_REAL_DATA"])
    for name in ("shanghai_districts", "shanghai_towns_partial", "shanghai_town_residuals"):
        path = folder / f"{name}.geojson"
        frame, findings = gis.read_layer(path)
        assert rules(findings) == []
        assert frame.height == len(json.loads(path.read_text(encoding="utf-8"))["features"])
        assert (geometry.areas_m2(frame["geometry_wkb"], 4549) > 0).all()


# --- writing


def test_a_geopackage_is_the_same_bytes_whatever_the_row_order(tmp_path: Path) -> None:
    made = []
    for number, frame in enumerate((FRAME, FRAME.reverse())):
        path = tmp_path / f"{number}.gpkg"
        gis.write_gpkg(path, {"地块": frame, "空": FRAME.clear()}, ON)
        time.sleep(1.1 * (number == 0))
        made.append(path.read_bytes())
    assert made[0] == made[1]
    assert [name for name, _, _ in gis.read_layers(tmp_path / "0.gpkg")] == ["地块", "空"]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    gis.write_gpkg(tmp_path / "a.gpkg", {"地块": FRAME}, ON)
    frame, findings = gis.read_layer(tmp_path / "a.gpkg")
    assert rules(findings) == []
    assert frame.drop("row", "geometry_wkb").rows() == [
        (None, 3.0, 3, date(2026, 3, 1), None, ""),
        ("A", None, 2, None, False, None),
        ("B", 1.5, None, date(2026, 1, 1), True, "36、39"),
    ]
    assert geometry.areas_m2(frame["geometry_wkb"], 4549)[[0, 2]] == pytest.approx(
        geometry.areas_m2([square(2), square(0)], 4549)
    )
    assert frame["geometry_wkb"].is_null().to_list() == [False, True, False]


def test_geojson_is_standard_short_and_the_same_bytes(tmp_path: Path) -> None:
    long = FRAME.with_columns(geometry_wkb=pl.Series([square(1 / 3), None, square(2)], dtype=pl.Binary))
    gis.write_geojson(tmp_path / "a.geojson", long)
    gis.write_geojson(tmp_path / "b.geojson", long.reverse())
    assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()
    written = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert "crs" not in written
    assert [f["properties"]["编号"] for f in written["features"]] == [None, "A", "B"]
    ring = written["features"][2]["geometry"]["coordinates"][0][0]
    assert all(round(v, 7) == v for point in ring for v in point)
    assert sorted(map(tuple, ring))[0] == (121.1033333, 31.2)


def test_a_layer_of_points_and_one_of_both_kinds_can_be_written(tmp_path: Path) -> None:
    points = geometry.point_wkbs([121.1, 121.2], [31.2, 31.3])
    frames = {
        "points": pl.DataFrame({"geometry_wkb": points}),
        "both": pl.DataFrame({"at": [datetime(2026, 1, 2, 9, 30)] * 2, "geometry_wkb": [points[0], square(0)]}),
    }
    gis.write_gpkg(tmp_path / "a.gpkg", frames, ON)
    assert sorted(gis.read_layer(tmp_path / "a.gpkg", "points")[0]["geometry_wkb"]) == sorted(points)
    both = gis.read_layer(tmp_path / "a.gpkg", "both")[0]
    assert both["at"].to_list() == [datetime(2026, 1, 2, 9, 30)] * 2
    assert [geometry.kind(w) for w in both["geometry_wkb"]] == ["Point", "Polygon"]


def test_a_second_run_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    gis.write_gpkg(path, {"a": FRAME, "b": FRAME}, ON)
    first = path.read_bytes()
    gis.write_gpkg(path, {"a": FRAME, "b": FRAME}, ON)
    assert path.read_bytes() == first
