"""从一段话到项目卡: what a message or a business plan says of a project, read by rules, with what is missing listed.

Nothing is guessed: a figure is read only with its unit beside a word that says what it is; a fact that stands twice
with different values is left out and named. The officer confirms every field.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from yipanqi.kernel.units import AREA_M2, MONEY_WAN
from yipanqi.pipeline import credit_code, industries
from yipanqi.pipeline.projects import Category, NeedKind

#: What quick entry needs before a lead can be registered.
NEEDED = ("name", "investor", "category", "industry_code", "need_kind", "need_m2")

_NUMBER = r"(?P<number>\d[\d,，]*(?:\.\d+)?)\s*"
_MONEY = "|".join(sorted(map(re.escape, [*MONEY_WAN, "亿", "万"]), key=len, reverse=True))
_AREA = "|".join(sorted(map(re.escape, [*AREA_M2, "平方", "平", "万平", "万平方"]), key=len, reverse=True))
_SPOKEN = {"亿": 1e4, "万": 1.0, "平方": 1.0, "平": 1.0, "万平": 1e4, "万平方": 1e4}
_GAP = r"[^，。；;,\n\d]{0,8}?"
_SUM = rf"{_GAP}{_NUMBER}(?P<unit>{_MONEY})(?:人民币)?"
_FIELDS: Mapping[str, re.Pattern[str]] = {
    "fixed_investment_wan": re.compile(rf"(?:固定资产(?:投资)?|固投){_SUM}"),
    "total_investment_wan": re.compile(
        rf"(?:总投资(?:额)?|计划投资|项目投资|拟投资|(?<!固定资产)(?<!资产)投资额?){_SUM}"
    ),
    "output_wan": re.compile(rf"(?:产值|销售(?:收入|额)?|营收|营业收入){_SUM}"),
    "tax_wan": re.compile(rf"(?:税收|纳税|税){_SUM}"),
}
_NEEDS: Mapping[NeedKind, re.Pattern[str]] = {
    NeedKind.LAND: re.compile(
        rf"(?:用地|土地|拿地|供地|地块|新增){_GAP}{_NUMBER}(?P<unit>{_AREA})"
        rf"|{_NUMBER.replace('number', 'other')}(?P<unit2>亩)"
    ),
    NeedKind.PLANT: re.compile(
        rf"(?:厂房|车间|租赁|租用)(?:面积)?{_GAP}{_NUMBER}(?P<unit>{_AREA})"
        rf"|{_NUMBER.replace('number', 'other')}(?P<unit2>{_AREA})(?:左右)?的?(?:标准)?(?:厂房|车间)"
    ),
    NeedKind.OFFICE: re.compile(
        rf"(?:办公(?:用房|楼|面积)?|写字楼|楼宇){_GAP}{_NUMBER}(?P<unit>{_AREA})"
        rf"|{_NUMBER.replace('number', 'other')}(?P<unit2>{_AREA})(?:左右)?的?(?:办公|写字楼)"
    ),
}
_FIRM = re.compile(
    r"[\u4e00-\u9fffA-Za-z（）()]{2,40}?(?:股份有限公司|有限责任公司|有限公司|集团公司|集团|研究院|研究所)"
)
_BEFORE_FIRM = re.compile(r"^.*(?:接到|联系到?|对接了?|引进|洽谈|来自|由|(?:投资方|企业|公司|单位)[:为是])")
_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
_CONTACT = re.compile(
    r"(?:联系人|对接人|负责人|经办人)[:是为]?\s*(?P<name>[\u4e00-\u9fff]{2,4}?)(?=[，,。；;\s\d（(]|电话|手机|$)"
)
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_NAMED = re.compile(
    r"(?:项目名称|项目)[:]\s*(?P<name>[^，。；;\n]{2,60})|[“\"「《](?P<quoted>[^”\"」》]{2,60}?)[”\"」》]"
)
_CALLED = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z0-9]{2,30}?(?:项目|产线|生产线|基地|总部))(?=[，。；;,\s]|$|拟|计划|总投资)"
)
_INDUSTRY = re.compile(r"(?:行业(?:代码)?|GB/?T ?4754)[:为是]?\s*(?:[A-T])?(?P<code>\d{2,4})(?!\d)")


@dataclass(frozen=True)
class Intake:
    """What the text states, as columns of ``Project`` and ``Demand``; what is missing; what it says twice."""

    project: Mapping[str, str | float]
    demand: Mapping[str, str | float]
    missing: tuple[str, ...]
    contradicted: tuple[str, ...]


def read(text: str) -> Intake:
    """The facts of a project in a message or plan, with the fields still needed for a lead.

    Money becomes 万元, area m². The category follows from the need alone where the text leaves one choice: land is new
    industrial land, plant is a lease.

    >>> card = read("上海某某机器人有限公司拟投资3.5亿元建减速器项目，用地30亩，年税收2,000万元")
    >>> card.project["investor"], card.project["total_investment_wan"], round(card.demand["need_m2"])
    ('上海某某机器人有限公司', 35000.0, 20000)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    stated: dict[str, list[str | float]] = {}
    for name, pattern in _FIELDS.items():
        stated[name] = [_amount(match, MONEY_WAN) for match in pattern.finditer(plain)]
    stated |= {
        "investor": [_firm(found) for found in _FIRM.findall(plain)],
        "name": list(_names(plain)),
        "credit_code": [code for code in _CODE.findall(plain) if credit_code.problem(code) is None],
        "contact_phone": list(_PHONE.findall(plain)),
        "contact_name": [match["name"] for match in _CONTACT.finditer(plain)],
        "industry_code": [m["code"] for m in _INDUSTRY.finditer(plain) if industries.known(m["code"])],
    }
    needs = {kind: [_amount(m, AREA_M2) for m in pattern.finditer(plain)] for kind, pattern in _NEEDS.items()}
    single = {
        name: values[0] for name, values in stated.items() if len(set(values)) == 1 or _first_counts(name, values)
    }
    twice = [name for name, values in stated.items() if values and name not in single]
    kinds = [kind for kind, areas in needs.items() if areas]
    demand: dict[str, str | float] = {}
    if len(kinds) == 1 and len(set(needs[kinds[0]])) == 1:
        demand = {"need_kind": kinds[0].value, "need_m2": needs[kinds[0]][0]}
        category = {NeedKind.LAND: Category.NEW_LAND, NeedKind.PLANT: Category.LEASE}.get(kinds[0])
        single |= {} if category is None else {"category": category.value}
    elif kinds:
        twice.append("need_m2")
    missing = tuple(name for name in NEEDED if name not in single and name not in demand)
    return Intake(single, demand, missing, tuple(sorted(twice)))


def _first_counts(name: str, values: Sequence[object]) -> bool:
    """A text names its firm, project and people first, and others after them."""
    return bool(values) and name in ("investor", "name", "contact_name", "contact_phone")


def _amount(match: re.Match[str], units: Mapping[str, float]) -> float:
    found = match.groupdict()
    number = found.get("number") or found.get("other") or ""
    unit = found.get("unit") or found.get("unit2") or ""
    factor = units.get(unit, _SPOKEN.get(unit))
    if factor is None:
        raise ValueError(f"no factor for {unit!r}")
    return float(number.replace(",", "")) * factor


def _firm(found: str) -> str:
    """The firm's name without the words that lead up to it."""
    return _BEFORE_FIRM.sub("", found) or found


def _names(plain: str) -> Iterator[str]:
    for match in _NAMED.finditer(plain):
        yield (match["name"] or match["quoted"]).strip()
    for match in _CALLED.finditer(plain):
        yield re.sub(r"^.*(?:公司|集团|元|建设|建|拟建|新建|投资|落户)", "", match["name"]) or match["name"]
