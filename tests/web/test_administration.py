"""Three administrators: accounts, locks, the trail; none does another's work, none changes their own account."""

import officers
import pytest
from axes.models import AccessAttempt
from django.core.exceptions import ValidationError
from django.test import Client

from yipanqi_web.accounts.models import AdminRole, Membership, User
from yipanqi_web.actions import accounts
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.permissions.acts import RefusedError
from yipanqi_web.records.models import AuditRow

pytestmark = pytest.mark.django_db
PASSWORD = "chess-board-2026"


def administrator(role: AdminRole) -> Client:
    """The browser of an administrator."""
    user = User.objects.create_user(role.value, PASSWORD, admin_role=role.value)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_system_administrator_makes_an_officer_who_can_sign_in() -> None:
    officers.loaded()
    town = officers.towns()[0]
    answer = administrator(AdminRole.SYSTEM).post(
        "/accounts/make/",
        {"username": "zhang", "full_name": "张三", "body": f"town/{town}", "password": PASSWORD},
        follow=True,
    )
    assert "张三" in answer.content.decode()
    assert Membership.objects.get(user__username="zhang").place == town
    assert Client().post("/login/", {"username": "zhang", "password": PASSWORD}).status_code == 302


def test_the_other_administrators_make_nobody() -> None:
    officers.loaded()
    for role in (AdminRole.SECURITY, AdminRole.AUDIT):
        assert administrator(role).post("/accounts/make/", {"username": "x"}).status_code == 403
        with pytest.raises(RefusedError):
            accounts.make_officer("x", PASSWORD, "", "lead_body", "", by=officers.administrator(role))
    assert not User.objects.filter(username="x").exists()


def test_a_weak_password_a_taken_name_and_a_wrong_place_are_said_and_nothing_is_made() -> None:
    officers.loaded()
    by = officers.administrator(AdminRole.SYSTEM)
    with pytest.raises(ValidationError):
        accounts.make_officer("li", "12345678", "", "lead_body", "", by=by)
    with pytest.raises(NotPossibleError):
        accounts.make_officer("li", PASSWORD, "", "town", "nowhere", by=by)
    with pytest.raises(NotPossibleError):
        accounts.make_officer("li", PASSWORD, "", "lead_body", officers.towns()[0], by=by)
    assert not User.objects.filter(username="li").exists()
    accounts.make_officer("li", PASSWORD, "", "lead_body", "", by=by)
    with pytest.raises(NotPossibleError):
        accounts.make_officer("li", PASSWORD, "", "lead_body", "", by=by)


def test_an_account_that_is_switched_off_is_out_at_once() -> None:
    officers.loaded()
    by = officers.administrator(AdminRole.SYSTEM)
    user = accounts.make_officer("wang", PASSWORD, "", "lead_body", "", by=by)
    client = Client()
    client.post("/login/", {"username": "wang", "password": PASSWORD})
    assert client.get("/sites/").status_code == 200
    accounts.switch(user, False, by=by, why="调离")
    assert client.get("/sites/").status_code == 302
    assert AuditRow.objects.get(act="switch_account").why == "调离"


def test_nobody_changes_their_own_account() -> None:
    officers.loaded()
    by = officers.administrator(AdminRole.SYSTEM)
    own = User.objects.create_user("system", PASSWORD, admin_role="system")
    with pytest.raises(NotPossibleError):
        accounts.switch(own, False, by=by, why="x")
    with pytest.raises(NotPossibleError):
        accounts.set_password(own, PASSWORD, by=by)


def test_five_wrong_passwords_lock_an_account_until_the_security_administrator_unlocks_it() -> None:
    officers.loaded()
    user = accounts.make_officer("zhao", PASSWORD, "", "lead_body", "", by=officers.administrator(AdminRole.SYSTEM))
    for _ in range(5):
        Client().post("/login/", {"username": "zhao", "password": "wrong"})
    assert Client().post("/login/", {"username": "zhao", "password": PASSWORD}).status_code == 429
    with pytest.raises(RefusedError):
        accounts.unlock(user, by=officers.administrator(AdminRole.SYSTEM))
    accounts.unlock(user, by=officers.administrator(AdminRole.SECURITY))
    assert not AccessAttempt.objects.filter(username="zhao").exists()
    assert Client().post("/login/", {"username": "zhao", "password": PASSWORD}).status_code == 302


def test_the_auditor_reads_the_trail_and_walks_the_chain_and_sees_nothing_else() -> None:
    officers.loaded()
    client = administrator(AdminRole.AUDIT)
    assert "载入数据" in client.get("/trail/").content.decode()
    assert client.get("/trail/chain/").status_code == 200
    assert {client.get(a).status_code for a in ("/accounts/", "/projects/", "/sites/")} == {403}
    assert client.get("/").headers["Location"] == "/trail/"


def test_the_accounts_page_draws_for_both_keepers_in_both_languages() -> None:
    officers.loaded()
    accounts.make_officer("sun", PASSWORD, "孙", "town", officers.towns()[0], by=officers.administrator())
    for role in (AdminRole.SYSTEM, AdminRole.SECURITY):
        client = administrator(role)
        for language in ("zh-hans", "en"):
            client.cookies["django_language"] = language
            assert "孙" in client.get("/accounts/").content.decode()
