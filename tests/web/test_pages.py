"""Pages: every route has a policy, every page draws for every body, and what is hidden answers like what is missing."""

import re
import uuid

import officers
import pytest
from django.test import Client
from django.urls import get_resolver, path

from yipanqi.policy.rulebook import PROFILES
from yipanqi_web.accounts.models import AdminRole, Membership, User
from yipanqi_web.pages import frame
from yipanqi_web.permissions.visibility import projects_filter
from yipanqi_web.records.models import ProjectFact, SiteFact

pytestmark = pytest.mark.django_db
TOKEN = re.compile(rb'value="[A-Za-z0-9]{64}"')
PAGES = ("/", "/map.json", "/todo/", "/sites/", "/sites/due/", "/projects/", "/projects/enter/", "/projects/referrals/",
         "/projects/contested/", "/projects/pace/",
         "/institution/")  # fmt: skip


def signed_in(body: str, place: str = "", name: str = "officer") -> Client:
    """The browser of an officer."""
    user = User.objects.create(username=name)
    Membership.objects.create(user=user, district_code=officers.CODE, body=body, place=place)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_every_route_has_a_policy_and_one_without_is_found() -> None:
    assert frame.unguarded() == []
    stray = path("stray/", lambda request: None)
    patterns = get_resolver().url_patterns
    patterns.append(stray)
    try:
        assert frame.unguarded() == ["stray/"]
    finally:
        patterns.remove(stray)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("body", ["lead_body", "town"])
def test_every_page_draws_in_both_languages(body: str, language: str) -> None:
    officers.loaded()
    client = signed_in(body, officers.towns()[0] if body == "town" else "")
    client.cookies["django_language"] = language
    for address in PAGES:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert b"web." not in answer.content, address


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_pages_draw_under_every_profile(profile: str) -> None:
    officers.loaded(profile)
    client = signed_in("town", officers.towns()[0])
    assert {client.get(address).status_code for address in PAGES} == {200}


def test_who_is_not_signed_in_is_sent_to_the_door_and_who_belongs_nowhere_is_refused() -> None:
    officers.loaded()
    assert {Client().get(address).status_code for address in PAGES} == {302}
    stranger = Client()
    stranger.force_login(User.objects.create(username="x"), backend="django.contrib.auth.backends.ModelBackend")
    assert {stranger.get(address).status_code for address in PAGES} == {403}


def test_an_administrator_opens_no_page_of_the_business() -> None:
    officers.loaded()
    user = User.objects.create(username="sys", admin_role=AdminRole.SYSTEM.value)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/").headers["Location"] == "/accounts/"
    assert {client.get(address).status_code for address in PAGES[1:]} == {403}


def test_a_hidden_project_and_a_missing_one_answer_alike() -> None:
    officers.loaded()
    town = officers.towns()[0]
    seen = ProjectFact.objects.filter(projects_filter(officers.officer("town", town)))
    hidden = ProjectFact.objects.filter(superseded_at=None).exclude(pk__in=seen)[0]
    client = signed_in("town", town)
    ids = (hidden.public_id, uuid.uuid4())
    answers = [client.get(f"/projects/{i}/") for i in ids]
    assert [a.status_code for a in answers] == [404, 404]
    told = [a.content.replace(str(i).encode(), b"") for a, i in zip(answers, ids, strict=True)]
    assert len({TOKEN.sub(b"", text) for text in told}) == 1


def test_no_page_of_a_town_names_a_project_it_does_not_see() -> None:
    officers.loaded()
    town = officers.towns()[0]
    seen = ProjectFact.objects.filter(projects_filter(officers.officer("town", town)))
    hidden = ProjectFact.objects.filter(superseded_at=None).exclude(pk__in=seen)
    secrets = {s for p in hidden for s in (p.name, p.investor, p.project_id)}
    client = signed_in("town", town)
    sites = [f"/sites/{s.public_id}/" for s in SiteFact.objects.filter(superseded_at=None)[:40]]
    for address in (*PAGES, *(f"/projects/?q={s}" for s in sorted(secrets)[:5]), *sites):
        text = client.get(address).content.decode()
        if "?q=" in address:
            text = text.replace(address.partition("=")[2], "")
        assert [s for s in secrets if s in text] == [], address


def test_price_and_holder_of_a_site_are_for_its_own_town_and_the_district() -> None:
    officers.loaded()
    site = SiteFact.objects.filter(superseded_at=None).exclude(price_wan_per_mu=None)[0]
    other = next(t for t in officers.towns() if t != site.town_id)
    own, stranger, district = (
        signed_in(body, place, name).get(f"/sites/{site.public_id}/").content.decode()
        for body, place, name in (("town", site.town_id, "a"), ("town", other, "b"), ("lead_body", "", "c"))
    )
    assert ("底价" in own.split("一地一档")[1], "万元/亩" in stranger, "万元/亩" in district) == (True, False, True)


def test_a_two_character_word_finds_its_sites() -> None:
    officers.loaded()
    word = officers.made().sites["name"][0][:2]
    client = signed_in("lead_body")
    found = client.get("/sites/", {"q": word}).context["list"].rows.paginator.count
    assert found == officers.made().sites["name"].str.contains(word, literal=True).sum()


def test_a_lead_is_entered_on_the_page_and_a_wrong_value_comes_back_with_what_was_typed() -> None:
    officers.loaded()
    town = officers.towns()[0]
    client = signed_in("town", town)
    form = {"name": "精密减速器产线", "investor": "某公司", "origin_town_id": town, "category": "new_land",
            "industry_code": "3453", "need_kind": "land", "need_m2": "两万"}  # fmt: skip
    wrong = client.post("/projects/enter/", form)
    assert wrong.status_code == 422
    assert "精密减速器产线" in wrong.content.decode()
    right = client.post("/projects/enter/", form | {"need_m2": "20,000"}, follow=True)
    assert "精密减速器产线" in right.content.decode()
    assert right.redirect_chain[0][0].startswith("/projects/")


def test_pages_keep_a_strict_policy_and_name_no_address_outside() -> None:
    officers.loaded()
    answer = signed_in("lead_body").get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    text = answer.content.decode()
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert " style=" not in text


def test_a_pasted_message_fills_the_form_and_names_what_is_missing() -> None:
    officers.loaded()
    client = signed_in("town", officers.towns()[0])
    text = client.post("/projects/read/", {"text": "上海鸿图精密机械有限公司拟投资3.5亿元，用地30亩"}).content.decode()
    assert 'value="上海鸿图精密机械有限公司"' in text
    assert 'value="35000"' in text
    assert "还缺" in text


def test_contested_firms_are_for_the_district_only() -> None:
    officers.loaded()
    town, district = signed_in("town", officers.towns()[0], "a"), signed_in("lead_body", "", "b")
    assert town.get("/projects/contested/").context["clusters"] == []
    assert district.get("/projects/contested/").status_code == 200
