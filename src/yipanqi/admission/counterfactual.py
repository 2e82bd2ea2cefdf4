"""What would have to change: the smallest change that meets a missed clause, and all of them together.

Every answer is checked by judging the changed facts: ``verdict`` is what the same rules then say.
"""

from dataclasses import dataclass
from datetime import date

import dataframely as dy
import polars as pl

from yipanqi.admission import indicators
from yipanqi.admission.indicators import LEVER_UNITS, NUMBERS, SCORE
from yipanqi.admission.verdict import Case, Verdict, Verdicts, judge
from yipanqi.kernel.tables import choice, empty
from yipanqi.pipeline.projects import Project
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook


class Change(dy.Schema):
    """One fact to change: lever (a column of the case or its project), its value now, and the amount to add to it.

    Rows of one case with the same ``order_no`` belong together. ``clause_id`` null: they answer all missed clauses at
    once, by what the project brings or by taking less area.
    """

    case_id = dy.String(primary_key=True, nullable=False)
    order_no = dy.Int64(primary_key=True, nullable=False, min=1)
    lever = dy.String(primary_key=True, nullable=False, description="tax_wan, land_m2, far_ratio, …")
    project_id = dy.String(nullable=False)
    clause_id = dy.String(nullable=True)
    value = dy.Float64(nullable=False, description="the fact now")
    amount = dy.Float64(nullable=False, description="to be added to it; negative: to be taken off")
    verdict = choice(Verdict, nullable=False, description="what the rules say of the changed facts")


_AREAS = ("land_m2", "floor_m2")
_LEVERS = tuple(sorted(LEVER_UNITS))
_LEVER_OF = {key: i.lever for key, i in NUMBERS.items() if i.lever}
_PER_AREA = [key for key, i in NUMBERS.items() if i.denominator in {"_mu", "floor_m2"}]
_PER_OUTPUT = [key for key, i in NUMBERS.items() if i.denominator == "output_wan"]


@dataclass(frozen=True)
class _Rules:
    rulebook: Rulebook
    as_of: date

    @property
    def assumed_far(self) -> float:
        return number(self.rulebook, "admission.assumed_far_ratio", self.as_of)

    def judge(self, facts: pl.DataFrame) -> Verdicts:
        """The verdicts of cases that each carry a project of their own."""
        return judge(facts.select(Case.column_names()), facts.select(Project.column_names()), self.rulebook, self.as_of)


def counterfactual(cases: pl.DataFrame, projects: pl.DataFrame, rulebook: Rulebook, as_of: date) -> pl.DataFrame:
    """The smallest changes (``Change``) for every case that is not admitted, each re-checked by ``judge``.

    For each missed hard clause on a number: its fact taken to the threshold exactly; where the clause is per mu or per
    m² also, as another answer, the area scaled down to it. Then all missed clauses at once: by facts (a missed score by
    closing the same part of the shortfall of every scored clause), and by area. Fixed investment never passes total
    investment: the total follows. What nobody stated, words (industry, area class) and jobs have no lever; what they
    block stays blocked, as ``verdict`` says. Ordered by case, order_no, lever.
    """
    rules = _Rules(rulebook, as_of)
    facts = cases.join(projects, on="project_id", maintain_order="left").sort("case_id")
    owner = facts.select("case_id", pl.col("project_id").alias("owner"))
    facts = facts.with_columns(project_id=pl.col("case_id")).select(
        Case.column_names() + [c for c in Project.column_names() if c != "project_id"]
    )
    first = rules.judge(facts)
    facts = facts.join(first.verdicts.filter(pl.col("verdict") != Verdict.ADMITTED.value), on="case_id", how="semi")
    if facts.is_empty():
        return empty(Change)
    missed = _missed(first, facts)
    by_fact, by_area = _fact_moves(missed, facts, rules), _area_moves(missed, facts)
    least = by_area.group_by("case_id", "lever").agg(pl.col("target").min())
    answers = [
        *_alone(facts, by_fact), *_alone(facts, by_area),
        ("joint/fact", None, _repaired(facts, missed, rules)), ("joint/area", None, _moved(facts, least)),
    ]  # fmt: skip
    told = pl.concat(_told(facts, after, key, clause, rules) for key, clause, after in answers)
    if told.is_empty():
        return empty(Change)
    number_of = (pl.col("clause_id").is_null(), "clause_id", "key")
    ranked = told.select("case_id", "clause_id", "key").unique().sort("case_id", *number_of)
    ranked = ranked.with_columns(order_no=pl.int_range(1, pl.len() + 1).over("case_id"))
    told = told.join(ranked.select("case_id", "key", "order_no"), on=["case_id", "key"]).join(owner, on="case_id")
    told = told.with_columns(project_id=pl.col("owner"))
    return told.select(Change.column_names()).sort("case_id", "order_no", "lever")


def _missed(judged: Verdicts, facts: pl.DataFrame) -> pl.DataFrame:
    """The hard clauses on numbers that are missed: case_id, clause_id, indicator, threshold, value."""
    lines = judged.clauses.filter(
        pl.col("hard") & ~pl.col("met").fill_null(value=True) & pl.col("threshold").is_not_null()
    )
    return lines.join(facts, on="case_id", how="semi").select("case_id", "clause_id", "indicator", "threshold", "value")


def _fact_moves(missed: pl.DataFrame, facts: pl.DataFrame, rules: _Rules) -> pl.DataFrame:
    """For each missed clause with a lever: the lever's target, threshold × denominator."""
    below = indicators.denominators(facts, rules.assumed_far).with_columns(facts["case_id"])
    long = below.unpivot(index="case_id", variable_name="indicator", value_name="below")
    lever = pl.col("indicator").replace_strict(_LEVER_OF, default=None, return_dtype=pl.String)
    moves = missed.join(long, on=["case_id", "indicator"]).with_columns(
        lever=lever, target=pl.col("threshold") * pl.col("below")
    )
    return moves.drop_nulls(["lever", "target"]).select("case_id", "clause_id", "lever", "target")


def _area_moves(missed: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """For each missed clause per mu or m²: land and floor scaled by value ÷ threshold. Nothing earned: no answer."""
    scale = missed.filter(pl.col("indicator").is_in(_PER_AREA) & (pl.col("value") > 0))
    areas = facts.select("case_id", *_AREAS).unpivot(index="case_id", variable_name="lever", value_name="area")
    moves = scale.join(areas.filter(pl.col("area") > 0), on="case_id")
    target = pl.col("area") * pl.col("value") / pl.col("threshold")
    return moves.with_columns(target=target).select("case_id", "clause_id", "lever", "target")


def _alone(facts: pl.DataFrame, moves: pl.DataFrame) -> list[tuple[str, str | None, pl.DataFrame]]:
    """One answer for each clause and kind of lever: the facts with only that clause's moves made."""
    kinds = {"area": moves.filter(pl.col("lever").is_in(_AREAS)), "fact": moves.filter(~pl.col("lever").is_in(_AREAS))}
    return [
        (f"{clause}/{kind}", clause, _moved(facts, some.filter(pl.col("clause_id") == clause).drop("clause_id")))
        for kind, some in kinds.items()
        for clause in some["clause_id"].unique().sort()
    ]


def _moved(facts: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """The facts with levers set to their targets; of several targets of a lever the one furthest from the fact."""
    if moves.is_empty():
        return facts
    after = facts
    for lever in moves["lever"].unique().sort():
        targets = (
            moves.filter(pl.col("lever") == lever)
            .group_by("case_id")
            .agg(pl.col("target").min().alias("low"), pl.col("target").max().alias("high"))
        )
        joined = after.join(targets, on="case_id", how="left", maintain_order="left")
        further = pl.when(pl.col("high") > pl.col(lever)).then("high").otherwise("low")
        after = joined.with_columns(pl.coalesce(further, lever).alias(lever)).drop("low", "high")
    total = pl.max_horizontal(
        "total_investment_wan", pl.when(pl.col("total_investment_wan").is_not_null()).then("fixed_investment_wan")
    )
    return after.with_columns(total_investment_wan=total)


def _repaired(facts: pl.DataFrame, missed: pl.DataFrame, rules: _Rules) -> pl.DataFrame:
    """All missed clauses met by facts: amounts first, then what is measured per output, last the score."""
    after = _moved(facts, _fact_moves(missed.filter(~pl.col("indicator").is_in(_PER_OUTPUT)), facts, rules))
    left = _missed(rules.judge(after), after)
    after = _moved(after, _fact_moves(left, after, rules))
    judged = rules.judge(after)
    return _moved(after, _score_moves(judged, after, rules))


def _score_moves(judged: Verdicts, facts: pl.DataFrame, rules: _Rules) -> pl.DataFrame:
    """Targets that bring a missed score to its pass mark: the same part of each scored clause's shortfall is closed.

    Only facts that are stated and have a lever move. Out of reach: no move.
    """
    lines = judged.clauses
    short = lines.filter((pl.col("indicator") == SCORE) & ~pl.col("met").fill_null(value=True))
    whole = lines.group_by("case_id").agg(pl.col("points_max").sum().alias("whole"))
    scored = lines.filter(
        pl.col("points").is_not_null() & pl.col("value").is_not_null() & (pl.col("value") > 0)
        & (pl.col("points") < pl.col("points_max")) & pl.col("indicator").is_in(list(_LEVER_OF))
    )  # fmt: skip
    wanted = short.join(whole, on="case_id").select(
        "case_id", needed=(pl.col("threshold") - pl.col("value")) * pl.col("whole") / 100
    )
    room = pl.col("points_max") - pl.col("points")
    moves = scored.join(wanted, on="case_id").with_columns(part=pl.col("needed") / room.sum().over("case_id"))
    goal = (pl.col("points") + pl.col("part") * room) / pl.col("points_max")
    aim = pl.when(pl.col("comparison") == ">=").then(pl.col("threshold") * goal).otherwise(pl.col("threshold") / goal)
    moves = moves.filter(pl.col("part") <= 1 + 1e-12).with_columns(threshold=aim)
    return _fact_moves(moves.select("case_id", "clause_id", "indicator", "threshold", "value"), facts, rules)


def _told(facts: pl.DataFrame, after: pl.DataFrame, key: str, clause: str | None, rules: _Rules) -> pl.DataFrame:
    """The levers an answer moves in each case, and the verdict of the changed facts."""
    sides = [f.select("case_id", *_LEVERS).unpivot(index="case_id", variable_name="lever", value_name=name)
             for f, name in ((facts, "value"), (after, "target"))]  # fmt: skip
    moved = sides[0].join(sides[1], on=["case_id", "lever"]).filter(pl.col("value") != pl.col("target"))
    changed = after.join(moved, on="case_id", how="semi")
    verdicts = rules.judge(changed).verdicts.select("case_id", "verdict")
    return moved.join(verdicts, on="case_id").select(
        "case_id", "lever", "value", "verdict", amount=pl.col("target") - pl.col("value"),
        clause_id=pl.lit(clause, dtype=pl.String), key=pl.lit(key),
    )  # fmt: skip
