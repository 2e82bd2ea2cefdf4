"""The main job under all six profiles on the same data: every pair differs in something, or says why not."""

import json
from dataclasses import replace
from importlib.resources import files
from itertools import combinations

import polars as pl
import pytest

import cast
from yipanqi.allocation.outcomes import Outcomes, differences, outcomes
from yipanqi.governance import profile
from yipanqi.governance.profile import Profile
from yipanqi.kernel.findings import Message
from yipanqi.policy.rulebook import PROFILES, Rulebook, load, parse
from yipanqi.policy.wording import LANGUAGES, render

PUDONG_ATTRACTION = "    - {<<: *opinion, holders: [promotion_centre], clause: *centres}\n"


@pytest.fixture(scope="module")
def found() -> Outcomes:
    return outcomes(cast.facts(), {name: load(name) for name in PROFILES})


@pytest.fixture(scope="module")
def profiles() -> dict[str, Profile]:
    return {name: profile.read(load(name)) for name in PROFILES}


def texts(name: str) -> dict[str, str]:
    folder = files("yipanqi_rulebooks") / name
    return {e.name.removesuffix(".yaml"): e.read_text(encoding="utf-8")
            for e in folder.iterdir() if e.name.endswith(".yaml")}  # fmt: skip


def changed(name: str, word: str, old: str, new: str) -> Rulebook:
    """The shipped rulebook with one passage of one text replaced."""
    own = texts(name)
    assert own[word].count(old) == 1
    return parse(name, own | {word: own[word].replace(old, new)}, texts("shanghai"))


def acts(table: pl.DataFrame, a: str, b: str) -> set[str]:
    return set(table.filter((pl.col("a") == a) & (pl.col("b") == b))["acts"].explode(empty_as_null=False))


def stingy() -> pl.DataFrame:
    """The projects of the small district, one of them with a yield between the thresholds of the districts."""
    a2 = pl.col("project_id") == "A2"
    return cast.facts().projects.with_columns(
        output_wan=pl.when(a2).then(70_000.0).otherwise("output_wan"),
        tax_wan=pl.when(a2).then(4_250.0).otherwise("tax_wan"),
    )


def test_all_six_profiles_play_the_main_job(found):
    assert found.figures["profile"].to_list() == sorted(PROFILES)


def test_in_every_profile_alone_is_at_most_referral_and_referral_at_most_the_board(found):
    rising = (pl.col("alone_value_wan") <= pl.col("referral_value_wan")) & (
        pl.col("referral_value_wan") <= pl.col("board_value_wan")
    )
    assert found.figures.select(rising.all()).item()
    assert (found.figures["gain_low_wan"] <= found.figures["gain_high_wan"]).all()


def test_every_project_has_one_verdict_in_every_profile(found):
    counted = found.figures.select(pl.sum_horizontal("admitted_count", "conference_count", "refused_count"))
    assert set(counted.to_series()) == {len(cast.projects())}


def test_every_pair_stands_once_and_says_what_differs_or_why_nothing_does(found, profiles):
    table = differences(found, profiles)
    assert table.select("a", "b").rows() == list(combinations(sorted(PROFILES), 2))
    for row in table.iter_rows(named=True):
        assert row["numbers_id"].startswith("outcomes.same_") is (not row["figures"])
        assert (row["acts_id"] == "outcomes.acts_same") is (not row["acts"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_of_a_pair_can_be_read(found, profiles, language):
    for row in differences(found, profiles).iter_rows(named=True):
        for part in ("numbers", "acts"):
            message = Message(row[f"{part}_id"], json.loads(row[f"{part}_json"]))
            assert len(render(message, language)) > 20


def test_no_two_profiles_permit_the_same_acts(found, profiles):
    assert differences(found, profiles)["acts"].list.len().min() > 0


def test_giving_one_right_to_the_town_in_the_text_changes_the_differences(found, profiles):
    given = changed("pudong", "governance", PUDONG_ATTRACTION, PUDONG_ATTRACTION.replace("promotion_centre", "town"))
    before = differences(found, profiles)
    after = differences(found, profiles | {"pudong": profile.read(given)})
    assert "town.open_negotiation" in acts(before, "jinshan", "pudong")
    assert "town.open_negotiation" not in acts(after, "jinshan", "pudong")
    untouched = pl.col("a").ne("pudong") & pl.col("b").ne("pudong")
    assert before.filter(untouched).equals(after.filter(untouched))


def test_a_profile_beside_itself_says_the_same_because_its_rules_do(profiles):
    twins = {"one": load("jinshan"), "two": load("jinshan")}
    row = differences(outcomes(cast.facts(), twins), dict.fromkeys(twins, profiles["jinshan"])).row(0, named=True)
    assert (row["numbers_id"], row["acts_id"]) == ("outcomes.same_rules", "outcomes.acts_same")
    told = json.loads(row["numbers_json"])
    assert 0 < told["assumed"] < told["rules"]


def test_a_threshold_no_project_lies_beside_leaves_every_decision_as_it_is(profiles):
    line = "fixed_investment: {indicator: fixed_investment_wan_per_mu, comparison: \">=\", threshold: 600, "
    own = texts("pudong")
    assert line in own["admission"]
    raised = own | {"admission": own["admission"].replace(line, line.replace("600", "601"))}
    pair = {"pudong": load("pudong"), "raised": parse("raised", raised, texts("shanghai"))}
    row = differences(outcomes(cast.facts(), pair), dict.fromkeys(pair, profiles["pudong"])).row(0, named=True)
    told = json.loads(row["numbers_json"])
    assert row["numbers_id"] == "outcomes.same_decisions"
    assert (told["differing"], told["a_value"], told["b_value"]) == (own["admission"].count(line), "600", "601")


def test_a_project_between_the_thresholds_makes_the_numbers_differ(profiles):
    pair = {name: load(name) for name in ("jiading", "pudong")}
    row = differences(outcomes(cast.facts(projects=stingy()), pair), profiles).row(0, named=True)
    assert row["numbers_id"] == "outcomes.numbers_differ"
    told = json.loads(row["numbers_json"])
    assert (row["figure"], told["a_value"], told["b_value"]) == ("admitted_count", 5, 4)


def test_decisions_that_differ_and_leave_the_sums_are_named(found, profiles):
    swapped = pl.when((pl.col("profile") == "songjiang") & (pl.col("subject") == "A1")).then(pl.lit("elsewhere"))
    moved = replace(found, decisions=found.decisions.with_columns(swapped.otherwise("decision").alias("decision")))
    pair = (pl.col("a") == "jiading") & (pl.col("b") == "songjiang")
    row = differences(moved, profiles).filter(pair).row(0, named=True)
    told = json.loads(row["numbers_json"])
    assert (row["numbers_id"], told["moved"], told["subject"]) == ("outcomes.same_sums", 1, "A1")
    assert "A1" in render(Message(row["numbers_id"], told))


def test_the_outcomes_do_not_depend_on_the_order_of_the_rows(found):
    facts = cast.facts()
    turned = cast.facts(projects=facts.projects.reverse(), sites=facts.sites.reverse())
    again = outcomes(turned, {"pudong": load("pudong")})
    assert again.figures.equals(found.figures.filter(pl.col("profile") == "pudong"))
