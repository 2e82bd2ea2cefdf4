"""A message becomes a card: figures with their units, nothing guessed, what is missing listed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.pipeline.intake import NEEDED, read

MESSAGE = (
    "刚接到上海鸿图精密机械有限公司来电，拟在我区建设“谐波减速器产线”，总投资3.5亿元，其中固定资产投资2.8亿元，"
    "需用地约30亩，达产后年产值6亿元，年纳税4,200万元。联系人：王建国，电话13800001234，行业代码3453。"
)


def test_a_message_gives_every_field_it_states() -> None:
    card = read(MESSAGE)
    assert dict(card.project) == {
        "investor": "上海鸿图精密机械有限公司",
        "name": "谐波减速器产线",
        "total_investment_wan": 35_000.0,
        "fixed_investment_wan": 28_000.0,
        "output_wan": 60_000.0,
        "tax_wan": 4_200.0,
        "contact_name": "王建国",
        "contact_phone": "13800001234",
        "industry_code": "3453",
        "category": "new_land",
    }
    assert (card.demand["need_kind"], round(card.demand["need_m2"], 6)) == ("land", 20_000.0)
    assert (card.missing, card.contradicted) == ((), ())


@pytest.mark.parametrize(
    ("text", "kind", "area_m2"),
    [
        ("需要租赁厂房3000平方米", "plant", 3_000.0),
        ("找5000平米左右的标准厂房", "plant", 5_000.0),
        ("办公用房1.2万平方米", "office", 12_000.0),
        ("新增用地 2 公顷", "land", 20_000.0),
        ("拿地15亩", "land", 10_000.0),
    ],
)
def test_an_area_is_read_with_its_unit_and_what_it_is_for(text: str, kind: str, area_m2: float) -> None:
    demand = read(text).demand
    assert demand["need_kind"] == kind
    assert demand["need_m2"] == pytest.approx(area_m2)


def test_what_is_not_said_is_listed_and_not_guessed() -> None:
    card = read("有个做机器人的客户想看看厂房")
    assert (dict(card.demand), card.missing) == ({}, NEEDED)


def test_a_figure_said_twice_differently_is_left_out_and_named() -> None:
    card = read("总投资3亿元，后改为总投资5亿元")
    assert "total_investment_wan" not in card.project
    assert card.contradicted == ("total_investment_wan",)


def test_land_and_plant_together_leave_the_need_to_the_officer() -> None:
    card = read("先租用厂房2000平方米，后用地20亩")
    assert (dict(card.demand), card.contradicted) == ({}, ("need_m2",))


def test_a_number_without_its_unit_is_not_money() -> None:
    assert dict(read("总投资35000，税收2000").project) == {}


def test_a_wrong_credit_code_is_not_taken_over() -> None:
    assert "credit_code" not in read("代码91350100M000100Y44").project
    assert read("代码91350100M000100Y43").project["credit_code"] == "91350100M000100Y43"


def test_an_unknown_industry_is_not_taken_over() -> None:
    assert "industry_code" not in read("行业代码：9999").project


@given(st.text(max_size=400))
def test_any_text_is_read_without_error(text: str) -> None:
    card = read(text)
    assert set(card.missing) <= set(NEEDED)


@given(st.integers(1, 10**6), st.sampled_from(["万元", "亿元", "元"]))
def test_money_keeps_its_value_in_every_unit(number: int, unit: str) -> None:
    factor = {"元": 1e-4, "万元": 1.0, "亿元": 1e4}[unit]
    assert read(f"总投资{number}{unit}。").project["total_investment_wan"] == pytest.approx(number * factor)
