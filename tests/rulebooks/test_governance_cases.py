"""The cases beside each rulebook's governance, as a lawyer reads them, against rights and reporting."""

from datetime import date
from importlib.resources import files
from typing import Any

import pytest

import cast
from yipanqi.governance import profile
from yipanqi.governance.profile import Act, Right
from yipanqi.governance.rights import holders, may, performers
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.pipeline.reporting import obligations
from yipanqi.policy.rulebook import PROFILES, Rulebook, load, yaml_of

AS_OF = date(2026, 6, 30)


def cases() -> list[Any]:
    found = []
    for name in PROFILES:
        text = (files("yipanqi_rulebooks") / name / "cases" / "governance.yaml").read_text(encoding="utf-8")
        found += [pytest.param(load(name), case, id=f"{name}: {case['title']}") for case in yaml_of(text)["cases"]]
    return found


def answer(rulebook: Rulebook, case: dict[str, Any]) -> dict[str, Any]:
    """What the engine says, under the keys the case states."""
    own, on = profile.read(rulebook), case.get("on")
    if "reports" in case:
        needs = [cast.demand("A", phase=i, need_kind=kind, need_m2=float(area)) for i, (kind, area) in
                 enumerate(case["reports"].items(), 1)]  # fmt: skip
        projects = tables.frame(Project, [cast.project("A", "T1")])
        return {"expect": obligations(projects, tables.frame(Demand, needs), rulebook, AS_OF)["must_report"][0]}
    if "right" in case:
        return {"who": [h.body for h in holders(own, Right(case["right"]), on=on)]}
    if "body" in case:
        found = may(own, case["body"], Act(case["act"]), on=on)
        return {"permitted": found.permitted, "jointly_with": list(found.jointly_with)}
    return {"who": list(performers(own, Act(case["act"]), on=on))}


@pytest.mark.parametrize(("rulebook", "case"), cases())
def test_a_case_comes_out_as_written(rulebook, case):
    given = answer(rulebook, case)
    stated = {key: case[key] for key in ("who", "permitted", "jointly_with", "expect") if key in case}
    assert stated
    assert stated == {key: given[key] for key in stated}
