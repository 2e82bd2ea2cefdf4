"""The rows of a plan, sorted by project once, and the dossier of any project drawn from them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from yipanqi.admission.verdict import best_cases
from yipanqi.allocation.board import Facts, Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.documents.editions import Dossier, Row

#: What stands for a name the investor may not read.
HIDDEN = "××"
#: Shorter names are words of their own ("甲", "A1") and would tear holes into every text.
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class Library:
    """Table → project → its rows."""

    tables: dict[str, dict[str, list[Row]]]

    @classmethod
    def of(cls, plan: Plan) -> "Library":
        """Everything a document can be about."""
        keyed = {**_pool(plan), **_admission(plan), **_siting(plan), **_board(plan)}
        return cls({name: _by_project(rows) for name, rows in keyed.items()})

    def dossier(self, project_id: str) -> Dossier:
        """The rows of one project, table by table."""
        return {name: groups.get(project_id, []) for name, groups in self.tables.items()}


def _by_project(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["project_id"], []).append(row)
    return groups


def _pool(plan: Plan) -> dict[str, Iterable[Row]]:
    return {
        "project": plan.in_play.iter_rows(named=True),
        "demands": plan.facts.demands.sort("project_id", "phase").iter_rows(named=True),
        "wishes": plan.facts.wishes.sort("project_id", "wish_no").iter_rows(named=True),
    }


def _admission(plan: Plan) -> dict[str, Iterable[Row]]:
    """The verdict under the best site class with its clauses and changes, the verdict of every class, the steps."""
    verdicts = plan.preliminary.verdicts
    classed = pl.col("case_id").str.split("/").list
    classes = verdicts.with_columns(area_class=classed.get(-2), functional_type=classed.get(-1)).sort("case_id")
    best = best_cases(verdicts).select("case_id")
    changes = plan.changes.filter(pl.col("clause_id").is_null()).sort("case_id", "order_no", "lever")
    clauses = plan.preliminary.clauses.join(best, on="case_id", how="semi")
    return {
        "verdict": classes.join(best, on="case_id", how="semi").iter_rows(named=True),
        "classes": classes.iter_rows(named=True),
        "clauses": clauses.sort("project_id", "hard", "clause_id", descending=[False, True, False]).iter_rows(
            named=True
        ),
        "changes": changes.iter_rows(named=True),
        "steps": plan.routes.sort("project_id", "step_no").iter_rows(named=True),
    }


def _siting(plan: Plan) -> dict[str, Iterable[Row]]:
    """The shown schemes and the one the board takes, with their sites, and what explains them."""
    s, facts = plan.schemes, plan.facts
    board = plan.scenarios[ScenarioName.BOARD].placements.select("scheme_id", placed=pl.lit(value=True))
    final = s.verdicts.verdicts.select(scheme_id="case_id", verdict="verdict")
    worth = plan.worth.select("scheme_id", "value_wan", "expected_wan", "tax_wan")
    chosen = (
        s.schemes.join(board, on="scheme_id", how="left")
        .filter(pl.col("shown_rank").is_not_null() | pl.col("placed"))
        .with_columns(offer_kind="kind")
        .join(final, on="scheme_id", how="left")
        .join(worth, on="scheme_id", how="left")
        .sort("project_id", "shown_rank", "scheme_id", nulls_last=True)
    )
    names = dict(facts.sites.select("site_id", "name").iter_rows())
    public = public_names(facts)
    firms = facts.incumbents.select("firm_id", firm="name")
    sites = facts.sites.drop("geometry_wkb").with_columns(
        public_name=pl.col("site_id").replace_strict(public, return_dtype=pl.String)
    )

    def of_chosen(frame: pl.DataFrame, *order: str) -> pl.DataFrame:
        owner = chosen.select("scheme_id", "project_id")
        return frame.join(owner, on="scheme_id").sort("project_id", "scheme_id", *order)

    moves = of_chosen(s.relocations.join(firms, on="firm_id", how="left"), "firm_id")
    changes = of_chosen(s.plan_changes, "site_id", "rule_id").unique(maintain_order=True)
    return {
        "schemes": chosen.iter_rows(named=True),
        "units": of_chosen(s.units.join(sites, on="site_id"), "phase", "site_id").iter_rows(named=True),
        "relocations": (_named(m, names) for m in moves.iter_rows(named=True)),
        "plan_changes": changes.iter_rows(named=True),
        "reasons": (_told(r, public) for r in of_chosen(s.reasons, "reason_no").iter_rows(named=True)),
        "misses": (
            _told(m, public) | {"site_names": [names.get(key, key) for key in m["site_ids"]]}
            for m in s.misses.sort("project_id", "miss_rank", "reason_no").iter_rows(named=True)
        ),
    }


def _named(move: Row, names: dict[str, str]) -> Row:
    """A relocation with the names of both its sites."""
    return move | {
        "from_name": names.get(move["from_site_id"], move["from_site_id"]),
        "to_name": names.get(move["to_site_id"], move["to_site_id"]),
    }


def _told(row: Row, public: dict[str, str]) -> Row:
    """A message row with its parameters; in the public ones a site has its public name."""
    params: dict[str, Any] = json.loads(row["params_json"])
    site = {"site": public.get(params["site_id"], params["site_id"])} if "site_id" in params else {}
    return row | {"params": params, "public_params": params | site}


def _board(plan: Plan) -> dict[str, Iterable[Row]]:
    """Where the board puts a project, whether it would be settled otherwise, and how many schemes it has."""
    elsewhere = {
        name: plan.scenarios[name].placements.select("project_id", pl.lit(value=True).alias(f"in_{name.value}"))
        for name in (ScenarioName.ALONE, ScenarioName.REFERRAL)
    }
    pool = plan.schemes.schemes.group_by("project_id").agg(pool_count=pl.len())
    placed = plan.scenarios[ScenarioName.BOARD].placements
    told = plan.in_play.select("project_id", "consent").join(placed, on="project_id", how="left")
    for frame in (*elsewhere.values(), pool):
        told = told.join(frame, on="project_id", how="left")
    filled = told.with_columns(
        pl.col("in_alone", "in_referral").fill_null(value=False), pl.col("pool_count").fill_null(0)
    )
    return {"placement": filled.sort("project_id").iter_rows(named=True)}


def public_names(facts: Facts) -> dict[str, str]:
    """site → its name with every firm, holder, lessee, investor and project of the district taken out."""
    secret = [
        (facts.incumbents, "name"), (facts.sites, "holder"), (facts.leases, "lessee"), (facts.projects, "name"),
        (facts.projects, "investor"),
    ]  # fmt: skip
    found = {name.strip() for frame, column in secret for name in frame[column].drop_nulls().to_list()}
    found -= set(facts.towns["name"].to_list())
    hidden = sorted(name for name in found if len(name) >= _SHORTEST_NAME)
    shown = facts.sites["name"].str.replace_many(hidden, [HIDDEN] * len(hidden), leftmost=True)
    return dict(zip(facts.sites["site_id"].to_list(), shown.to_list(), strict=True))
