"""What officers and administrators do in a day, in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect


def step(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_lead_is_entered_on_a_phone_from_a_pasted_message(jiading) -> None:
    page = jiading.sign_in("towner", size=(390, 844))
    page.goto("/projects/enter/")
    page.fill("[name=text]", "上海鸿图精密机械有限公司拟投资3.5亿元建减速器产线，用地30亩")
    step(page, "识别填入")
    expect(page.locator("[name=investor]")).to_have_value("上海鸿图精密机械有限公司")
    expect(page.locator("[name=total_investment_wan]")).to_have_value("35000")
    expect(page.get_by_text("还缺：")).to_be_visible()
    page.fill("[name=name]", "减速器产线")
    page.fill("[name=industry_code]", "3453")
    page.fill("[name=need_m2]", "20000")
    step(page, "保存")
    expect(page.get_by_role("heading", level=1)).to_have_text("减速器产线")
    expect(page.get_by_role("status")).to_contain_text("已登记")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_two_officers_race_for_one_site_and_the_slower_is_told_until_when(jiading) -> None:
    pages = [jiading.sign_in(name) for name in ("anna", "bert")]
    for page in pages:
        page.goto(f"/sites/{jiading.there['site']}/")
        page.select_option("[name=project]", index=1)
        page.fill("[name=until]", "2026-07-20")
    for page in pages:
        step(page, "锁定")
    expect(pages[0].get_by_role("status")).to_have_text("已锁定。")
    expect(pages[1].get_by_role("alert")).to_contain_text("2026-07-20")
    expect(pages[1].get_by_role("heading", level=1)).to_have_text("未能办理")


def test_a_town_takes_facts_to_the_report_and_the_district_verifies_them(jiading) -> None:
    town, district = jiading.sign_in("towner"), jiading.sign_in("verifier")
    town.goto(f"/sites/{jiading.there['fact']}/")
    step(town, "完成核查")
    step(town, "上报")
    expect(town.get_by_role("main")).to_contain_text("核实：")  # the next step is not the town's
    expect(town.get_by_role("main").get_by_role("button", name="核实", exact=True)).to_have_count(0)
    district.goto("/")
    district.get_by_role("link", name=re.compile("已上报，待核实")).first.click()
    district.goto(f"/sites/{jiading.there['fact']}/")
    step(district, "核实")
    expect(district.get_by_role("main").get_by_role("button", name="启用", exact=True)).to_be_visible()


def test_a_referral_is_declined_with_a_reason_and_the_town_sees_the_project_no_more(jiading) -> None:
    address = f"/projects/{jiading.there['lead']}/"
    origin, asker, other = (jiading.sign_in(name) for name in ("towner", "asker", "other"))
    assert other.goto(address).status == 404
    origin.goto(address)
    origin.fill("main [name=why] >> nth=-1", "本镇无净地")
    step(origin, "提出流转")
    asker.goto(address)
    asker.select_option("[name=town]", jiading.there["other"])
    step(asker, "请该镇接收")
    other.goto("/todo/")
    other.get_by_role("link", name=re.compile(re.escape(jiading.there["lead_name"]))).click()
    decline = other.locator("form:has(input[value=decline])")
    decline.locator("[name=why]").fill("电力容量不足")
    decline.get_by_role("button").click()
    expect(other).to_have_url(f"{jiading.address}/projects/")
    assert other.goto(address).status == 404
    asker.goto(address)
    expect(asker.get_by_text("电力容量不足")).to_be_visible()


def test_a_pudong_town_opens_no_negotiation_and_is_told_why_but_hands_in_a_lead(pudong) -> None:
    page = pudong.sign_in("towner")
    page.goto("/projects/enter/")
    lead = {"name": "传感器产线", "investor": "某公司", "industry_code": "3453", "need_m2": "9000"}
    for name, content in lead.items():
        page.fill(f"[name={name}]", content)
    step(page, "保存")
    expect(page.get_by_role("heading", level=1)).to_have_text("传感器产线")
    expect(page.get_by_role("main").get_by_role("button", name="在谈", exact=True)).to_have_count(0)
    expect(page.locator("p.quiet", has_text="在谈：")).to_contain_text(re.compile("《|第.+条|〔"))


def test_the_three_administrators_have_their_day(jiading) -> None:
    system = jiading.sign_in("admin-system")
    form = system.locator("form[action='/accounts/make/']")
    form.locator("[name=username]").fill("newcomer")
    form.locator("[name=full_name]").fill("新来者")
    form.locator("[name=password]").fill("plum-blossom-77")
    form.locator("[name=body]").select_option("lead_body")
    form.get_by_role("button").click()
    expect(system.get_by_role("status")).to_contain_text("newcomer")
    stranger = jiading.open()
    for _ in range(5):
        stranger.goto("/login/")
        stranger.fill("[name=username]", "newcomer")
        stranger.fill("[name=password]", "wrong")
        with stranger.expect_response(lambda answer: answer.request.method == "POST"):
            stranger.locator("main button").click()
    security = jiading.sign_in("admin-security")
    row = security.get_by_role("row").filter(has_text="newcomer")
    expect(row).to_contain_text("已锁定")
    row.get_by_role("button", name="解锁").click()
    jiading.sign_in("newcomer", "plum-blossom-77")
    audit = jiading.sign_in("admin-audit")
    expect(audit.get_by_role("main")).to_contain_text("新建用户")
    expect(audit.get_by_role("main")).to_contain_text("解锁")
    audit.get_by_role("link", name="校验审计链").click()
    expect(audit.get_by_role("status")).to_contain_text("审计链完整")


def test_the_language_is_switched_to_english_and_back(jiading) -> None:
    page = jiading.sign_in("anna")
    page.goto("/sites/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sites")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("资源清单")


def test_a_project_is_opened_with_the_keyboard_alone(jiading) -> None:
    page = jiading.open()
    page.goto("/login/")
    page.keyboard.type("anna")  # the cursor stands in the first field
    page.keyboard.press("Tab")
    page.keyboard.type("chess-board-2026")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("一盘棋")
    _reach(page, "a[href='/projects/'][aria-current], nav a[href='/projects/']")
    expect(page.get_by_role("heading", level=1)).to_have_text("项目")
    _reach(page, "main td a")
    expect(page).to_have_url(re.compile(r"/projects/[0-9a-f-]{36}/"))


def _reach(page: Page, what: str) -> None:
    page.wait_for_load_state("networkidle")
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    pytest.fail(f"{what} is not reached with the Tab key")
