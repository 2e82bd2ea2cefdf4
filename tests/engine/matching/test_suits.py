"""Reverse matching: the projects a site would suit, best first."""

import pytest

import cast
import matched
from yipanqi.matching.suits import suits


def test_a_parcel_suits_those_it_serves_alone_or_joined() -> None:
    found = suits("K1", *matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
    rows = found.select("project_id", "alone", "with_site_ids").rows()
    assert sorted(rows) == [("A1", True, []), ("A2", True, []), ("B1", False, ["K2"])]


def test_the_best_comes_first() -> None:
    found = suits("N2", *matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
    assert found["score_share"].to_list() == sorted(found["score_share"], reverse=True)
    assert found["verdict"].unique().to_list() == ["admitted"]


def test_what_would_be_refused_does_not_suit() -> None:
    found = suits("N1", *matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
    assert "D1" not in set(found["project_id"])


def test_a_site_suits_whom_matching_offers_it() -> None:
    answer, asked = matched.answered(cast.facts()), matched.asked(cast.facts())
    offered = answer.units.with_columns(project_id=answer.units["scheme_id"].str.split("/").list.first())
    for site_id in ("N1", "S1", "E1", "E4", "K2"):
        mine = offered.filter(offered["site_id"] == site_id)
        assert set(mine["project_id"]) == set(suits(site_id, *asked, matched.BOOK, cast.AS_OF)["project_id"])


def test_an_unknown_site_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        suits("X9", *matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
