"""Projects and the places they would take, as an admission office sees them: dated, of every category, with gaps."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from benchmarks.seeds import digest
from yipanqi.admission.verdict import Case
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Project

AS_OF = date(2026, 6, 30)
_CATEGORIES = ("new_land", "rd_hq", "renovation", "lease")
_INDUSTRIES = ("3670", "3612", "1310", "2614", "1910", "2611", "3110", "1430", "7320", "3562", "3841", "3963", "2761",
               "3491", "3311", "2210", "4021", "3030", "6531", "2921")  # fmt: skip
_TAGS = (None, [], ["medical"], ["new_energy_vehicles", "smart_manufacturing"])
_AREA_CLASSES = (None, "104", "195", "198")
_TYPES = (None, "base", "urban", "community", "scattered")


@dataclass(frozen=True)
class Cases:
    """One case for each project (``admission.verdict.Case``) and the projects (``pipeline.projects.Project``)."""

    cases: pl.DataFrame
    projects: pl.DataFrame

    @property
    def digest(self) -> str:
        """The digest of both frames."""
        return digest([self.cases, self.projects])


def draw(size: int, seed: int) -> Cases:
    """``size`` projects with one case each; one fact in twelve is not stated, indicators scatter round thresholds."""
    rng = np.random.Generator(np.random.PCG64(seed))
    keys = [f"P{i:07d}" for i in range(size)]
    category = rng.choice(_CATEGORIES, size, p=(0.4, 0.15, 0.2, 0.25))
    built = np.isin(category, ("rd_hq", "lease"))
    land = np.round(rng.uniform(3_000, 90_000, size), 1)
    floor = np.round(rng.uniform(500, 20_000, size), 1)
    far = np.round(rng.uniform(0.6, 3.0, size), 2)
    mu = np.where(built, floor / far, land) / (2000 / 3)
    facts = _facts(rng, size, mu)
    projects = {
        "project_id": keys, "name": [f"{k}项目" for k in keys], "category": category, "origin_town_id": ["T1"] * size,
        "product_line": ["产品"] * size, "investor": [f"{k}公司" for k in keys],
        "industry_code": rng.choice(_INDUSTRIES, size), "strategic_tags": _picked(rng, _TAGS, size),
        "stage": ["siting"] * size, "major": [False] * size, "consent": ["not_asked"] * size,
        "lead_at": _days(rng, size), "reported_at": _days(rng, size), "accepted_on": _days(rng, size),
        "capacity_unit": _picked(rng, (None, "辆", "台"), size), **facts,
    }  # fmt: skip
    cases = {
        "case_id": [f"c{i:07d}" for i in range(size)], "project_id": keys,
        "land_m2": _holes(rng, land, built), "floor_m2": _holes(rng, floor, ~built), "far_ratio": _holes(rng, far),
        "area_class": _picked(rng, _AREA_CLASSES, size), "functional_type": _picked(rng, _TYPES, size),
    }  # fmt: skip
    return Cases(_framed(Case, cases), _framed(Project, projects))


def _facts(rng: np.random.Generator, size: int, mu: np.ndarray) -> dict[str, pl.Series]:
    """Investment, output, tax, jobs, energy and shares that miss about every third threshold, in kept proportions."""
    fixed = np.round(mu * rng.uniform(200, 1_200, size), 1)
    output = np.round(mu * rng.uniform(400, 2_400, size), 1)
    drawn = {
        "fixed_investment_wan": fixed,
        "total_investment_wan": np.round(fixed * rng.uniform(1.0, 1.4, size), 1),
        "output_wan": output,
        "tax_wan": np.round(mu * rng.uniform(20, 240, size), 1),
        "rd_share": np.round(rng.uniform(0.0, 0.1, size), 3),
        "rd_staff_share": np.round(rng.uniform(0.0, 0.5, size), 3),
        "energy_tce": np.round(output * rng.uniform(0.02, 0.3, size), 1),
        "emission_t": np.round(output * rng.uniform(0.0, 0.0016, size), 3),
        "capacity_count": np.round(mu * rng.uniform(40, 200, size)),
    }
    found = {name: _holes(rng, values) for name, values in drawn.items()}
    for kind in ("high", "middle", "basic"):
        counts = rng.integers(0, 200, size)
        found[f"jobs_{kind}_count"] = _holes(rng, counts.astype(float)).cast(pl.Int64)
    return found


def _holes(rng: np.random.Generator, values: np.ndarray, also: np.ndarray | None = None) -> pl.Series:
    """The values, one in twelve not stated, and none where ``also`` holds."""
    gone = rng.random(values.size) < 1 / 12
    return pl.Series(np.where(gone if also is None else gone | also, np.nan, values)).fill_nan(None)


def _picked(rng: np.random.Generator, options: tuple, size: int) -> list:
    return [options[i] for i in rng.integers(0, len(options), size)]


def _days(rng: np.random.Generator, size: int) -> pl.Series:
    """Days of 2012 to the middle of 2026, one in four not stated."""
    first, last = date(2012, 1, 1).toordinal(), AS_OF.toordinal()
    days = pl.Series(rng.integers(first, last + 1, size) - date(1970, 1, 1).toordinal()).cast(pl.Int32).cast(pl.Date)
    return pl.select(pl.when(pl.Series(rng.random(size) >= 0.25)).then(days)).to_series()


def _framed(schema: type, columns: dict) -> pl.DataFrame:
    """The columns as a frame of the schema; those not given are null."""
    wanted = tables.empty(schema).schema
    size = len(next(iter(columns.values())))
    data = pl.DataFrame(
        {n: pl.Series(n, columns.get(n, [None] * size)).cast(t, strict=True) for n, t in wanted.items()}
    )
    return schema.validate(data)
