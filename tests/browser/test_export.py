import csv
import io
import re
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect


def export(page: Page, kind: str) -> bytes:
    page.locator("summary").filter(has_text=re.compile("^Export")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(f"^{kind}")).click()
    assert re.fullmatch(rf"sims-\d{{8}}-\d{{4}}\.{kind.lower()}", download.value.suggested_filename)
    return download.value.path().read_bytes()


def test_the_filtered_list_as_a_file(portal: Page, check_accessible: Callable[[], None]) -> None:
    page = portal
    page.goto("/sims/")
    page.get_by_role("checkbox", name=re.compile("^Active")).check()
    expect(page).to_have_url(re.compile("status=ACTIVATED"))
    total = int(page.locator("[data-total]").get_attribute("data-total"))
    expect(page.locator("summary").filter(has_text=f"Export {total}")).to_be_visible()

    rows = list(csv.DictReader(io.StringIO(export(page, "CSV").decode("utf-8-sig"))))
    assert len(rows) == total
    assert {row["Status"] for row in rows} == {"Active"}
    shown = page.locator("tr[data-giccid]").first.get_attribute("data-giccid")
    assert rows[0]["ICCID"] == shown

    page.reload()
    sheet = zipfile.ZipFile(io.BytesIO(export(page, "XLSX"))).read("xl/worksheets/sheet1.xml").decode()
    assert f'<c r="A2" s="2" t="inlineStr"><is><t>{shown}</t></is></c>' in sheet
    assert "<f>" not in sheet

    for path in ("/sims/exports/", "/sims/export/?status=ACTIVATED"):
        page.goto(path)
        check_accessible()


def test_this_page_is_read_again(portal: Page, check_accessible: Callable[[], None]) -> None:
    page = portal
    page.goto("/sims/?status=SUSPENDED&status=ACTIVATED")
    shown = page.locator("tr[data-giccid]").count()
    page.get_by_role("button", name="Verify this page").click()
    expect(page.get_by_role("alert").filter(has_text=f"{shown} SIMs read just now")).to_be_visible(timeout=20_000)
    expect(page.locator("tr[data-giccid]").first).to_contain_text(re.compile(r"\b\d s\b"))
    check_accessible()


def test_ticked_rows_lead_to_the_page_that_asks(portal: Page) -> None:
    page = portal
    page.goto("/sims/")
    for number in (0, 2):
        page.get_by_role("checkbox", name=re.compile("^Tick 8986")).nth(number).check()
    page.get_by_role("button", name="Export…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Export 2 SIMs")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.path().read_bytes().count(b"\n") == 3
