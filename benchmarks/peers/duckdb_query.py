"""duckdb: the table in memory, sorted by kind and area so that row groups are skipped; one thread."""

import tempfile
from collections.abc import Sequence

import polars as pl

from benchmarks.peers import siting
from benchmarks.peers.siting import Answer, Asked

_BEST = """SELECT -top.negative AS site, top.score AS score
FROM (SELECT max({'score': score, 'negative': -site}) AS top FROM scored GROUP BY town) ORDER BY top DESC LIMIT 3"""


class Query:
    """The inventory and the plan's words in a database in memory."""

    def __init__(self, flat: pl.DataFrame, questions: Sequence[Asked]) -> None:
        import duckdb

        self._base = duckdb.connect(config={"threads": 1})
        words = pl.concat([a.zones.with_columns(question=pl.lit(a.number, dtype=pl.Int32)) for a in questions])
        self._load("site", flat.sort("kind", "area"))
        self._load("word", words.sort("question", "zone"))
        for asked in questions:
            self._base.execute(f"PREPARE q{asked.number} AS {self._text(asked)}")

    def _load(self, table: str, frame: pl.DataFrame) -> None:
        with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
            frame.write_parquet(file.name)
            self._base.execute(f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{file.name}')")

    @staticmethod
    def _text(asked: Asked) -> str:
        return siting.sql(asked, distance="sqrt((x - {x})**2 + (y - {y})**2)", best=_BEST)

    def ask(self, asked: Asked) -> Answer:
        """The best site of each of the best three towns; the statement was prepared before."""
        found = self._base.execute(f"EXECUTE q{asked.number}").fetchall()
        return [(int(site), float(score)) for site, score in found]
