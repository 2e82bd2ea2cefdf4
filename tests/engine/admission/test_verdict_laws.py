"""The judge against a plain loop over the rulebook, and the laws every verdict keeps."""

from datetime import date, datetime
from time import process_time
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
from cast import AS_OF
from yipanqi.admission.standards import Book, Clause, book
from yipanqi.admission.verdict import Case, judge
from yipanqi.kernel import tables
from yipanqi.kernel.findings import in_order
from yipanqi.kernel.units import M2_PER_MU
from yipanqi.pipeline.projects import Project
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import PROFILES, Rulebook, load

RANK = {"admitted": 0, "conference": 1, "refused": 2}


def _money(most: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(0, most, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def facts(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A project and the place it would take, both at random."""
    days = st.none() | st.dates(date(2012, 1, 1), date(2026, 6, 30))
    reported = draw(days)
    project = cast.project("P", "T1") | {
        "category": draw(st.sampled_from(["new_land", "rd_hq", "renovation", "lease"])),
        "industry_code": draw(st.sampled_from(["3670", "3612", "1310", "2614", "1910", "2611", "3110", "14", "7320"])),
        "strategic_tags": draw(st.sampled_from([None, [], ["medical"]])),
        "accepted_on": draw(days), "reported_at": reported and datetime.combine(reported, datetime.min.time()),
        "fixed_investment_wan": draw(_money(60_000)), "total_investment_wan": draw(_money(60_000)),
        "output_wan": draw(_money(120_000)), "tax_wan": draw(_money(12_000)), "energy_tce": draw(_money(20_000)),
        "emission_t": draw(_money(200)), "rd_share": draw(_money(0.1)), "rd_staff_share": draw(_money(0.4)),
        "jobs_high_count": draw(st.none() | st.integers(0, 200)), "capacity_count": draw(_money(9_000)),
        "capacity_unit": draw(st.sampled_from([None, "辆", "台"])),
    }  # fmt: skip
    case = {
        "land_m2": draw(_money(90_000)), "floor_m2": draw(_money(20_000)), "far_ratio": draw(_money(3)),
        "area_class": draw(st.sampled_from([None, "104", "195", "198"])),
        "functional_type": draw(st.sampled_from([None, "base", "community"])),
    }  # fmt: skip
    return project, case


def judged(pairs: list[tuple[dict[str, Any], dict[str, Any]]], rules: Rulebook) -> pl.DataFrame:
    projects = [p | {"project_id": f"P{i}", "total_investment_wan": _total(p)} for i, (p, _) in enumerate(pairs)]
    cases = [c | {"case_id": f"c{i}", "project_id": f"P{i}"} for i, (_, c) in enumerate(pairs)]
    found = judge(tables.frame(Case, cases), tables.frame(Project, projects), rules, AS_OF)
    return found.verdicts.with_columns(pl.col("case_id").str.slice(1).cast(pl.Int64).alias("i")).sort("i")


def _total(project: dict[str, Any]) -> float | None:
    """Total investment that keeps the schema's rule; a stated total is at least the fixed investment."""
    total, fixed = project["total_investment_wan"], project["fixed_investment_wan"]
    return None if total is None else max(total, fixed or 0.0)


# -- the twin: one case at a time, in plain Python, from the same YAML ----------------------------------------------


def twin(project: dict[str, Any], case: dict[str, Any], rules: Rulebook) -> tuple[str, str | None, int]:
    """Verdict, standard and number of missed hard clauses, the slow way."""
    document = book(rules)
    reported = project["reported_at"].date() if project["reported_at"] else None
    reference = min(project["accepted_on"] or reported or AS_OF, AS_OF)
    chosen, best = None, (False, -1, -1, -1, "")
    clauses: list[tuple[Clause, bool]] = []
    for key, standard in document.standards.items():
        rank = _fits(standard.scope, project, case)
        if rank is not None and standard.beside:
            clauses += _of(standard, reference, reported)
        elif rank is not None:
            best = max(best, (_edition(standard, reference, reported) is not None, *rank, key))
    if best[-1]:
        clauses += _of(document.standards[best[-1]], reference, reported)
        chosen = best[-1] if best[0] else None
    clauses = [(c, m) for c, m in clauses if _fits(c.scope, project, case) is not None]
    return _weigh(clauses, project, case, (rules, document, chosen, reference, reported))


def _edition(standard: Any, on: date, reported: date | None) -> Any:
    live = [e for e in standard.editions.values() if e.effective_from <= on and (e.effective_to or date.max) >= on]
    if not live:
        return None
    latest = max(live, key=lambda e: e.effective_from)
    waits = latest.transition_to and reported and reported < latest.effective_from and on <= latest.transition_to
    earlier = [e for e in standard.editions.values() if e.effective_from < latest.effective_from
               and (e.effective_to or date.max) >= latest.effective_from - date.resolution]  # fmt: skip
    return max(earlier, key=lambda e: e.effective_from) if waits and earlier else latest


def _of(standard: Any, reference: date, reported: date | None) -> list[tuple[Clause, bool]]:
    """The clauses that apply and whether each is mandatory."""
    then, now = _edition(standard, reference, reported), _edition(standard, AS_OF, None)
    found: dict[str, tuple[Clause, bool]] = {}
    for name, clause in (then.clauses if then else {}).items():
        binding = clause.mandatory or then.mandatory
        if not binding or (then.effective_to or date.max) >= AS_OF:
            found[name] = (clause, binding)
    for name, clause in (now.clauses if now and now is not then else {}).items():
        waits = now.effective_from > reference and now.transition_to and now.transition_to >= AS_OF
        if (clause.mandatory or now.mandatory) and not waits:
            found[name] = (clause, True)
    return list(found.values())


def _fits(scope: Any, project: dict[str, Any], case: dict[str, Any]) -> tuple[int, int, int] | None:
    lengths = [len(p) for p in scope.industries if project["industry_code"].startswith(p)]
    if scope.categories and project["category"] not in scope.categories:
        return None
    if scope.industries and not lengths:
        return None
    if scope.area_classes and case["area_class"] not in scope.area_classes:
        return None
    if scope.functional_types and case["functional_type"] not in scope.functional_types:
        return None
    return max(lengths, default=0), int(bool(scope.area_classes)), int(bool(scope.functional_types))


def _value(indicator: str, clause: Clause, p: dict[str, Any], c: dict[str, Any], assumed: float) -> float | None:
    land, floor, far = (c[k] or None for k in ("land_m2", "floor_m2", "far_ratio"))
    mu = ((land or 0) + (floor or 0) / (far or assumed)) / M2_PER_MU or None
    jobs = [p[f"jobs_{k}_count"] for k in ("high", "middle", "basic")]
    whole = None if None in jobs else sum(jobs) or None
    capacity = p["capacity_count"] if clause.capacity_unit in {None, p["capacity_unit"]} else None
    top, below = {
        "fixed_investment_wan_per_mu": (p["fixed_investment_wan"], mu), "output_wan_per_mu": (p["output_wan"], mu),
        "tax_wan_per_mu": (p["tax_wan"], mu), "capacity_count_per_mu": (capacity, mu),
        "tax_yuan_per_floor_m2": (None if p["tax_wan"] is None else p["tax_wan"] * 1e4, floor),
        "total_investment_wan": (_total(p), 1), "far_ratio": (c["far_ratio"], 1), "rd_share": (p["rd_share"], 1),
        "rd_staff_share": (p["rd_staff_share"], 1), "jobs_high_share": (p["jobs_high_count"], whole),
        "energy_tce_per_wan": (p["energy_tce"], p["output_wan"] or None),
        "emission_kg_per_wan": (None if p["emission_t"] is None else p["emission_t"] * 1e3, p["output_wan"] or None),
    }[indicator]  # fmt: skip
    return None if top is None or below is None else top / below


def _outcome(clause: Clause, p: dict[str, Any], c: dict[str, Any], document: Book, assumed: float) -> Any:
    """None: the clause does not concern the case; else (met or "?", value, threshold)."""
    if clause.comparison in {"in", "not_in"}:
        words = {
            "industry_code": p["industry_code"],
            "area_class": c["area_class"],
            "functional_type": c["functional_type"],
        }
        word = words[clause.indicator]
        listed = document.directory[clause.listed] if clause.listed else clause.values
        inside = word is not None and (
            word.startswith(tuple(listed)) if clause.indicator == "industry_code" else word in listed
        )
        return ("?" if word is None else inside == (clause.comparison == "in")), None, None
    threshold = clause.threshold
    if clause.table:
        rows = [(len(x), r.threshold) for r in clause.table for x in r.industries if p["industry_code"].startswith(x)]
        if not rows:
            return None
        threshold = max(rows)[1]
    assert threshold is not None
    value = _value(clause.indicator, clause, p, c, assumed)
    if value is None:
        return "?", None, threshold
    slack = threshold * 1e-9
    return (value >= threshold - slack if clause.comparison == ">=" else value <= threshold + slack), value, threshold


def _weigh(
    clauses: list[tuple[Clause, bool]], p: dict[str, Any], c: dict[str, Any], more: Any
) -> tuple[str, str | None, int]:
    rules, document, chosen, reference, reported = more
    assumed = number(rules, "admission.assumed_far_ratio", AS_OF)
    band = number(rules, f"admission.{'strategic' if p['strategic_tags'] else 'conference'}_band_share", AS_OF)
    missed = beyond = unknown = 0
    got = could = whole = 0.0
    for clause, binding in clauses:
        outcome = _outcome(clause, p, c, document, assumed)
        if outcome is None:
            continue
        met, value, threshold = outcome
        if clause.points:
            share = 1.0 if met is True else 0.0
            if met is False and value:
                share = value / threshold if clause.comparison == ">=" else threshold / value
            got, whole = got + share * clause.points, whole + clause.points
            could += clause.points if met == "?" else share * clause.points
        if clause.hard and met == "?":
            unknown += 1
        if clause.hard and met is False:
            missed += 1
            near = value is not None and abs(value - threshold) <= threshold * band * (1 + 1e-9)
            beyond += binding or not (near or clause.conference)
    if chosen is not None:
        mark = _edition(document.standards[chosen], reference, reported).pass_points
        if mark is not None and whole and 100 * got / whole < mark * (1 - 1e-9):
            if 100 * could / whole >= mark:
                unknown += 1
            else:
                missed += 1
                beyond += mark - 100 * got / whole > mark * band * (1 + 1e-9)
    verdict = "refused" if beyond else "conference" if missed or unknown or chosen is None else "admitted"
    return verdict, chosen, missed


@settings(max_examples=40, deadline=None)
@given(st.lists(facts(), min_size=1, max_size=12), st.sampled_from(PROFILES))
def test_the_judge_agrees_with_a_plain_loop(pairs: list[tuple[dict[str, Any], dict[str, Any]]], profile: str) -> None:
    rules = load(profile)
    expected = [twin(p, c, rules) for p, c in pairs]
    assert expected == judged(pairs, rules).select("verdict", "standard_id", "missed_hard_count").rows()


@settings(max_examples=30, deadline=None)
@given(facts(), st.floats(0, 5_000), st.sampled_from(PROFILES))
def test_more_tax_never_worsens_a_verdict(
    pair: tuple[dict[str, Any], dict[str, Any]], more: float, profile: str
) -> None:
    project, case = pair
    if project["tax_wan"] is None:
        project["tax_wan"] = 0.0
    before, after = judged([pair, (project | {"tax_wan": project["tax_wan"] + more}, case)], load(profile))["verdict"]
    assert RANK[after] <= RANK[before]


@settings(max_examples=30, deadline=None)
@given(facts(), st.floats(0.1, 1.0))
def test_less_land_never_lowers_a_value_per_mu(pair: tuple[dict[str, Any], dict[str, Any]], part: float) -> None:
    project, case = pair
    smaller = case | {"land_m2": None if case["land_m2"] is None else case["land_m2"] * part}
    projects = tables.frame(Project, [project | {"total_investment_wan": _total(project)}])
    cases = [tables.frame(Case, [c | {"case_id": "c", "project_id": "P"}]) for c in (case, smaller)]
    found = [judge(c, projects, load("jiading"), AS_OF).clauses for c in cases]
    values = [f.filter(pl.col("unit") == "wan_per_mu").drop_nulls("value")["value"] for f in found]
    if len(values[0]) == len(values[1]):
        assert (values[1] >= values[0] * (1 - 1e-12)).all()


def _with_later_edition(profile: str, begins: date) -> Rulebook:
    """The rulebook, and of every main standard one more edition that nobody could meet."""
    rules = load(profile)
    document = dict(rules.documents["admission"])
    hopeless = {
        "clause": "更严", "source": "测试", "issued_by": "测试区", "basis": "assumed", "effective_from": begins,
        "clauses": {"tax": {"indicator": "tax_wan_per_mu", "comparison": ">=", "threshold": 1e9, "clause": "更严"}},
    }  # fmt: skip
    document["standards"] = {
        key: standard
        if standard.get("beside")
        else {**standard, "editions": {**standard["editions"], "later": hopeless}}
        for key, standard in document["standards"].items()
    }
    return Rulebook(profile, {**rules.documents, "admission": document}, "test")


@settings(max_examples=25, deadline=None)
@given(st.lists(facts(), min_size=1, max_size=6), st.sampled_from(PROFILES))
def test_a_later_edition_changes_no_earlier_verdict(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]], profile: str
) -> None:
    begins = date(2026, 6, 1)
    earlier = [(p | {"accepted_on": min(p["accepted_on"] or date(2025, 1, 1), date(2026, 5, 31))}, c) for p, c in pairs]
    assert judged(earlier, load(profile)).equals(judged(earlier, _with_later_edition(profile, begins)))
    fresh = [(p | {"accepted_on": begins, "tax_wan": 1.0}, c | {"land_m2": 1000.0}) for p, c in pairs]
    assert {"refused"} == set(judged(fresh, _with_later_edition(profile, begins))["verdict"])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(facts(), min_size=1, max_size=12),
    st.lists(st.text("P1 '\"\\-项&", min_size=1, max_size=4), min_size=12, max_size=12, unique=True),
)
def test_findings_come_in_the_order_of_all_findings(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]], names: list[str]
) -> None:
    later = {"accepted_on": date(2026, 12, 1)}
    projects = [
        p | {"project_id": name, "total_investment_wan": _total(p)} | (later if i % 3 == 0 else {})
        for i, ((p, _), name) in enumerate(zip(pairs, names, strict=False))
    ]
    cases = [c | {"case_id": f"c{i}", "project_id": n} for i, ((_, c), n) in enumerate(zip(pairs, names, strict=False))]
    found = judge(tables.frame(Case, cases), tables.frame(Project, projects), load("jiading"), AS_OF).findings
    assert in_order(found) == found


def test_a_hundred_times_the_projects_cost_at_most_a_hundred_and_thirty_times() -> None:
    projects = tables.frame(Project, [cast.project("P", "T1", tax_wan=None)])
    rules, taken = load("jiading"), []
    for count in (100, 10_000):
        numbers = pl.int_range(count, eager=True).cast(pl.String)
        many = pl.concat([projects] * count).with_columns(project_id=pl.lit("P") + numbers)
        cases = many.select(case_id="project_id", project_id="project_id").with_columns(
            land_m2=pl.lit(30_000.0), floor_m2=pl.lit(None, pl.Float64), far_ratio=pl.lit(1.5),
            area_class=pl.lit("104"), functional_type=pl.lit("base"),
        )  # fmt: skip
        begun = process_time()
        found = judge(cases, many, rules, AS_OF)
        taken.append(process_time() - begun)
        assert count == len(found.findings) == found.verdicts.height
    assert taken[1] <= 130 * taken[0]
