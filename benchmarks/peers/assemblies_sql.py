"""The best assemblies, and the edges of one parcel, asked of PostgreSQL: a recursive question, and PostGIS."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from benchmarks.peers import postgis
from benchmarks.worlds.grounds import TODAY
from benchmarks.worlds.parcels import Parcels

if TYPE_CHECKING:
    import psycopg

    from yipanqi.matching.assembly_search import Asked

#: Areas are whole square centimetres, so that sums do not depend on their order and equal sets are equal rows.
_TABLES = """
CREATE EXTENSION IF NOT EXISTS intarray;
DROP TABLE IF EXISTS parcel, edge, shape;
CREATE TABLE parcel (id int PRIMARY KEY, area_cm2 bigint, usable bool, divisible bool, rate float8, power float8,
                     day int, zone int, x float8, y float8);
CREATE TABLE edge (a int, b int);
CREATE TABLE shape (id int PRIMARY KEY, geom geometry);
"""
_INDEXES = """
CREATE INDEX ON parcel (area_cm2) INCLUDE (id) WHERE usable;
CREATE UNIQUE INDEX ON edge (a, b);
CREATE INDEX ON shape USING gist (geom);
ANALYZE parcel; ANALYZE edge; ANALYZE shape;
"""
_BEST = """
WITH RECURSIVE
fit AS MATERIALIZED (SELECT id, area_cm2 FROM parcel WHERE usable AND area_cm2 < %(need)s * 1e4),
grown (units, area_cm2) AS (
    SELECT ARRAY[id], area_cm2 FROM fit
  UNION
    SELECT sort(g.units || e.b), g.area_cm2 + p.area_cm2
    FROM grown g CROSS JOIN LATERAL unnest(g.units) m (id) JOIN edge e ON e.a = m.id JOIN parcel p ON p.id = e.b
    WHERE icount(g.units) < 4 AND g.area_cm2 < %(need)s * 1e4 AND NOT e.b = ANY (g.units)
      AND p.usable AND p.area_cm2 < %(need)s * 1e4
      AND g.area_cm2 + (4 - icount(g.units)) * %(large)s * 1e4 >= %(need)s * 1e4
),
enough AS (
    SELECT units, area_cm2 FROM grown g WHERE area_cm2 >= %(need)s * 1e4 AND NOT EXISTS (
        SELECT FROM unnest(g.units) u (id) JOIN parcel p USING (id)
        WHERE g.area_cm2 - p.area_cm2 >= %(need)s * 1e4 AND icount(g.units) - 2 <= (
            SELECT count(*) FROM edge e
            WHERE e.a = ANY (g.units) AND e.b = ANY (g.units) AND e.a < e.b AND u.id NOT IN (e.a, e.b)))
),
halves AS (
    SELECT s.units, p.*, s.area_cm2 / 1e4::float8 - %(need)s AS excess,
           CASE WHEN p.divisible THEN p.area_cm2 / 2e4::float8 ELSE 0 END AS half
    FROM enough s CROSS JOIN LATERAL unnest(s.units) u (id) JOIN parcel p USING (id)
),
taken AS (
    SELECT *, area_cm2 / 1e4::float8 - greatest(0, least(half, excess - (
        sum(half) OVER (PARTITION BY units ORDER BY id DESC) - half))) AS take
    FROM halves
),
sets AS (
    SELECT units, sum(take) AS total, sum(coalesce(rate, 0) * take) AS cost, bool_and(rate IS NOT NULL) AS sure,
           max(day) AS day, bool_and(power IS NOT NULL) AS stated, sum(power) AS power,
           sum((%(zones)s::float8[])[zone + 1] * take) / sum(take) AS zone,
           sum(take * (%(w1)s * sqrt((x - %(x1)s) ^ 2 + (y - %(y1)s) ^ 2)
                       + %(w2)s * sqrt((x - %(x2)s) ^ 2 + (y - %(y2)s) ^ 2)
                       + %(w3)s * sqrt((x - %(x3)s) ^ 2 + (y - %(y3)s) ^ 2))) / sum(take) AS km
    FROM taken GROUP BY units
)
SELECT units, %(fit)s * (%(need)s / total + CASE WHEN stated OR %(least)s = 0 THEN 1 ELSE %(unknown)s END) / 2
     + %(cost)s * least(1 / (1 + cost / %(half_cost)s), CASE WHEN sure THEN 1 ELSE %(unknown)s END)
     + %(date)s / (1 + greatest(day - %(wanted)s, 0) / (365.25 / 12) / %(half_months)s)
     + %(plan)s + %(distance)s / (1 + km / %(half_km)s) + %(zone)s * zone AS score
FROM sets WHERE total <= %(most)s AND (%(least)s = 0 OR NOT stated OR power >= %(least)s)
ORDER BY score DESC, units LIMIT 10
"""
_EDIT = """
CREATE OR REPLACE FUNCTION reshape(which int, wkb bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE other geometry := ST_Transform(ST_GeomFromWKB(wkb, 4490), 4549);
BEGIN
  UPDATE shape SET geom = other WHERE id = which;
  DELETE FROM edge WHERE b = which AND a IN (SELECT b FROM edge WHERE a = which);
  DELETE FROM edge WHERE a = which;
  INSERT INTO edge SELECT which, id FROM shape WHERE ST_DWithin(geom, other, 10) AND id <> which;
  INSERT INTO edge SELECT b, which FROM edge WHERE a = which;
END $$
"""


def fill(connection: "psycopg.Connection", parcels: Parcels, pairs: np.ndarray, wkbs: list[bytes]) -> None:
    """Tables and indexes for the parcels, their edges (both ways) and their shapes."""
    connection.execute(_TABLES)
    middle = parcels.corners_m.mean(axis=1) / 1000
    facts = pl.DataFrame(
        {
            "id": np.arange(len(parcels.area_m2)),
            "area_cm2": np.round(parcels.area_m2 * 1e4).astype(np.int64),
            "usable": parcels.usable,
            "divisible": parcels.divisible,
            "rate": pl.Series(parcels.price_wan_per_mu * 3 / 2000).fill_nan(None),
            "power": pl.Series(parcels.power_kva).fill_nan(None),
            "day": parcels.day,
            "zone": parcels.zone,
            "x": middle[:, 0],
            "y": middle[:, 1],
        }
    )
    postgis.load(connection, "parcel", facts)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    postgis.load(connection, "edge", pl.DataFrame({"a": both[:, 0], "b": both[:, 1]}))
    hexed = pl.DataFrame({"id": np.arange(len(wkbs)), "geom": [wkb.hex() for wkb in wkbs]})
    postgis.load(connection, "shape", hexed)
    connection.execute("UPDATE shape SET geom = ST_Transform(ST_SetSRID(geom, 4490), 4549)")
    connection.execute(_INDEXES)
    connection.execute(_EDIT)


def best(connection: "psycopg.Connection", asked: "Asked", large: float) -> list[tuple[list[int], float]]:
    """The ten best sets of one need with their scores, best first. ``large``: the largest usable parcel."""
    names = ("fit", "cost", "date", "plan", "distance", "zone")
    weight = asked.wish_weight / asked.wish_weight.sum()
    wishes = {
        f"{key}{k + 1}": float(v[k])
        for key, v in (("x", asked.wish_x), ("y", asked.wish_y), ("w", weight))
        for k in range(3)
    }
    asks = {
        "need": asked.need,
        "most": asked.most,
        "large": min(large, asked.need),
        "least": float(asked.utilities.max()),
        "wanted": asked.wanted - TODAY,
        "unknown": asked.unknown,
        "zones": asked.zone.tolist(),
    }
    asks |= dict(zip(("half_cost", "half_months", "half_km"), asked.halves.tolist(), strict=True))
    asks |= wishes | dict(zip(names, asked.weights.tolist(), strict=True))
    return [(list(units), float(score)) for units, score in connection.execute(_BEST, asks).fetchall()]


def reshape(connection: "psycopg.Connection", which: int, wkb: bytes) -> None:
    """Another shape for one parcel, and its edges anew."""
    connection.execute("SELECT reshape(%s, %s)", (which, wkb), prepare=True)


def edges_of(connection: "psycopg.Connection", which: int) -> list[int]:
    """The neighbours of one parcel."""
    return [row[0] for row in connection.execute("SELECT b FROM edge WHERE a = %s ORDER BY b", (which,)).fetchall()]
