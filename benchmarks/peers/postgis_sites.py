"""PostGIS on the sites: clustered and indexed on what the filters narrow most, points with a GiST index, analysed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.peers import postgis, siting
from benchmarks.peers.siting import FACTS, Answer, Asked

if TYPE_CHECKING:
    import psycopg

_BEST = """SELECT site, score FROM (SELECT DISTINCT ON (town) site, town, score FROM scored
  ORDER BY town, score DESC, site) AS best ORDER BY score DESC, site LIMIT 3"""


class Query:
    """The inventory and the plan's words in a cluster's database, every question prepared."""

    def __init__(self, connection: "psycopg.Connection", flat: pl.DataFrame, questions: Sequence[Asked]) -> None:
        self._connection = connection
        run = connection.execute
        facts = ", ".join(f"{name} float8" for name in FACTS)
        run("DROP TABLE IF EXISTS site, word")
        run(
            "CREATE TABLE site (site int PRIMARY KEY, kind int, town int, zone int, open bool, divisible bool, "
            f"area float8, {facts}, rent float8, price float8, x float8, y float8, ready int, moving float8)"
        )
        postgis.load(connection, "site", flat)
        run("ALTER TABLE site ADD place geometry(Point)")
        run("UPDATE site SET place = ST_MakePoint(x, y) WHERE x IS NOT NULL AND y IS NOT NULL")
        run("CREATE INDEX narrow ON site (kind, divisible, area) WHERE open")
        run("CREATE INDEX by_kind ON site (kind, open, area)")
        run("CLUSTER site USING by_kind")
        run("CREATE INDEX near ON site USING gist (place)")
        run("CREATE TABLE word (zone int, zone_part float8, plan_part float8, days int, question int)")
        words = pl.concat([a.zones.with_columns(question=pl.lit(a.number)) for a in questions])
        postgis.load(connection, "word", words)
        run("CREATE INDEX ON word (question, zone)")
        run("VACUUM (ANALYZE) site")
        run("VACUUM (ANALYZE) word")
        for asked in questions:
            run(f"DEALLOCATE PREPARE q{asked.number}" if self._known(asked) else "SELECT 1")
            text = siting.sql(asked, distance="ST_Distance(place, ST_MakePoint({x}, {y}))", best=_BEST)
            run(f"PREPARE q{asked.number} AS {text}")

    def _known(self, asked: Asked) -> bool:
        names = self._connection.execute("SELECT name FROM pg_prepared_statements").fetchall()
        return (f"q{asked.number}",) in names

    def ask(self, asked: Asked) -> Answer:
        """The best site of each of the best three towns."""
        found = self._connection.execute(f"EXECUTE q{asked.number}", prepare=False).fetchall()
        return [(int(site), float(score)) for site, score in found]
