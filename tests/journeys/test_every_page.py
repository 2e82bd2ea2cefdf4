"""Every page in the browser: accessible, no wider than the window, no code or text id shown."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

VENDOR = Path(__file__).parent / "vendor"
OFFICER = ("/", "/todo/", "/sites/", "/sites/due/", "/projects/", "/projects/enter/", "/projects/referrals/",
           "/projects/contested/", "/projects/pace/", "/institution/", "/exchange/", "/inbox/", "site", "project",
           "/sites/00000000-0000-4000-8000-000000000000/", "/accounts/")  # fmt: skip
WHO = {
    "anna": OFFICER,
    "towner": OFFICER,
    "admin-system": ("/accounts/", "/jobs/"),
    "admin-security": ("/accounts/",),
    "admin-audit": ("/trail/", "/trail/chain/"),
}
BARE = re.compile(r"\b(?:web|label|column)\.[a-z_.]+|\b[a-z]+_[a-z_]+\b")
SIZES = ((1366, 768), (390, 844))


def faults(page: Page) -> list[str]:
    """What the page shows that it must not: width, ids and codes."""
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    shown = page.evaluate("document.body.innerText").replace("admin-", "")
    return [*([f"{wide[0]} px wide"] if wide[0] > wide[1] else []), *sorted(set(BARE.findall(shown)))]


def barriers(page: Page) -> list[str]:
    """The serious and critical findings of axe-core."""
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{one['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def test_the_checker_is_the_one_of_the_lock() -> None:
    lock = json.loads((VENDOR / "lock.json").read_text(encoding="utf-8"))
    assert {n: hashlib.sha256((VENDOR / n).read_bytes()).hexdigest() for n in lock} == {
        name: entry["sha256"] for name, entry in lock.items()
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", WHO)
def test_no_page_has_a_barrier_a_code_or_a_scroll_aside(jiading, name: str, scheme: str) -> None:
    page = jiading.sign_in(name, scheme=scheme)
    page.add_init_script(path=VENDOR / "axe.min.js")
    where = {"site": f"/sites/{jiading.there['site']}/", "project": f"/projects/{jiading.there['lead']}/"}
    wrong: dict[str, list[str]] = {}
    for address in WHO[name]:
        for size in SIZES:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto(where.get(address, address), wait_until="load")
            found = faults(page) + (barriers(page) if size == SIZES[0] else [])
            if found:
                wrong[f"{address} {size[0]}"] = found
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": jiading.address}])
    for address in WHO[name] if scheme == "light" else ():
        page.goto(where.get(address, address))
        if found := faults(page):
            wrong[f"{address} en"] = found
    assert wrong == {}, json.dumps(wrong, ensure_ascii=False, indent=1)


def test_the_check_itself_finds_a_barrier_a_code_and_a_wide_page(jiading) -> None:
    page = jiading.sign_in("anna", size=SIZES[1])
    page.add_init_script(path=VENDOR / "axe.min.js")
    page.goto("/todo/")
    page.evaluate("""() => { const p = document.createElement('input'); document.querySelector('main').append(p);
        const d = document.createElement('pre'); d.textContent = 'low_efficiency ' + 'x'.repeat(400);
        document.querySelector('main').append(d); }""")
    assert "low_efficiency" in faults(page)
    assert any(one.startswith("label") for one in barriers(page))
