"""The HTML page, as text and in a browser."""

import json
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.cli.html_report import Axis, html_report
from pulumi_fsx_dr.cli.rows import Report, ReportRow, rows_of

from tests.backups import NOW

RECORDED = json.loads((Path(__file__).parents[1] / "recorded" / "outputs.json").read_text())
CHROMIUM = shutil.which("chromium")
IN_BROWSER = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on PATH")

# Shows the page in a frame of each width and records the layout.
LOOK = """<!doctype html><body><script>
const see = (frame) => {
  const root = frame.contentDocument, all = (what) => [...root.querySelectorAll(what)];
  const inside = (dot) => {
    const [inner, outer] = [dot, dot.closest('.time')].map((e) => e.getBoundingClientRect());
    return inner.width > 0 && inner.left >= outer.left - 2 && inner.right <= outer.right + 2;
  };
  const beyond = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && (box.right > root.documentElement.clientWidth + 1 || box.left < -1);
  };
  return {
    beyond: all('body *').filter(beyond).map((e) => e.className || e.tagName),
    width: root.documentElement.clientWidth, needed: root.documentElement.scrollWidth,
    height: root.documentElement.scrollHeight, heading: root.querySelector('h1').textContent,
    dots: all('.dot').length, astray: all('.dot').filter((dot) => !inside(dot)).length,
    regions: all('.region h2').map((e) => e.textContent),
    ids: all('.newest-copy code').filter((e) => e.getBoundingClientRect().width > 0).map((e) => e.textContent),
  };
};
const shown = (width) => new Promise((done) => {
  const frame = document.createElement('iframe');
  Object.assign(frame.style, {width: width + 'px', height: '900px', border: 0});
  frame.onload = () => done(see(frame));
  frame.srcdoc = document.querySelector('textarea').value;
  document.body.append(frame);
});
addEventListener('load', async () => {
  const found = [];
  for (const width of [1280, 390]) found.push(await shown(width));
  const out = document.createElement('output');
  out.textContent = JSON.stringify(found);
  document.body.append(out);
});
</script>"""


def rows() -> list[ReportRow]:
    return rows_of("", RECORDED, NOW)


def page(rows: list[ReportRow]) -> str:
    return html_report(Report(rows, NOW))


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.found if name in (attributes.get("class") or "").split()]


def test_page_loads_nothing_from_network() -> None:
    html = page(rows())

    linked = [a.get("src") or a.get("href") for _, a in Elements(html).found if "src" in a or "href" in a]
    assert linked == ["data:,"]
    assert re.findall(r"url\(|@import|https?:", html) == []
    assert "default-src 'none'" in html


def test_page_escapes_outputs() -> None:
    attack = "<script>alert(1)</script>\"'>"
    attacked: list[dict[str, Any]] = [
        {**row, "source": attack, "region": attack, "source_region": attack} for row in rows()
    ]
    for row in attacked:
        row["copies"] = dict.fromkeys([attack], NOW.isoformat())

    elements = Elements(page(rows_of("", {"readiness": attacked}, NOW)))

    assert "script" not in {tag for tag, _ in elements.found}
    assert attack in elements.text


def test_page_shows_dot_for_every_copy() -> None:
    elements = Elements(page(rows()))

    assert len(elements.with_class("dot")) == sum(len(row["copies"]) + len(row["failed"]) for row in rows())
    assert len(elements.with_class("newest")) == sum(row["newest_copy"] is not None for row in rows())
    assert len(elements.with_class("failed")) == 1


def test_axis_places_ages_by_hours() -> None:
    axis = Axis(span=200)

    assert [axis.place(hours) for hours in (0, 50, 200, 999, -1)] == [0, 25, 100, 100, 0]
    assert axis.ticks[0] == (24.0, "2 days")


@pytest.mark.parametrize("hours", [0.1, 1, 5, 24, 100, 168, 1000, 9000, 100_000])
def test_axis_has_two_to_eight_ticks(hours: float) -> None:
    row = {**rows()[-1], "target_hours": hours}

    axis = Axis.over(rows_of("", {"readiness": [row]}, NOW), NOW)

    assert 2 <= len(axis.ticks) <= 8
    assert 0 < axis.place(hours) < 80


def test_page_shows_copy_to_restore_from() -> None:
    newest = [row["newest_copy"] for row in rows() if row["newest_copy"]]

    assert re.findall(r"Newest copy (backup-\w+)", Elements(page(rows())).text) == newest


def test_page_labels_timelines() -> None:
    found = Elements(page(rows())).found
    drawn = [attributes["aria-label"] for _, attributes in found if attributes.get("role") == "img"]

    assert len(drawn) == len(rows())
    assert drawn[1] == "Timeline of fs-0aa1bb2cc3dd4ee5f: 4 copies, the newest 31 hours old; target 24 hours"
    assert drawn[-1] == "Timeline of fs-0fedcba9876543210: 0 copies; target 24 hours"


def test_page_without_rows_has_nothing_to_report() -> None:
    assert "nothing to report" in page([])


@IN_BROWSER
@pytest.mark.timeout(600)
def test_page_fits_two_screen_widths(tmp_path: Path) -> None:
    html = page(rows())

    (desk, phone), console = browsed(html, tmp_path)

    for seen, width in ((desk, 1280), (phone, 390)):
        assert (seen["width"], seen["needed"], seen["beyond"]) == (width, width, [])
        assert seen["heading"] == "4 of 6 ready, 1 late, 1 missing"
        assert seen["regions"] == ["eu-west-1", "eu-north-1"]
        assert (seen["dots"], seen["astray"]) == (20, 0)
        assert seen["ids"] == [row["newest_copy"] for row in rows() if row["newest_copy"]]
    assert phone["height"] > desk["height"]
    assert console == []


@IN_BROWSER
@pytest.mark.timeout(600)
def test_page_is_not_widened_by_long_names(tmp_path: Path) -> None:
    long = "backup-" + "0123456789abcdef" * 7
    long_ids: dict[str, Any] = {"source": long, "running": [long, long], "newest_copy": long}
    widened = [{**row, **long_ids, "region": "us-gov-northeast-12"} for row in rows()]

    (desk, phone), _ = browsed(page(rows_of("", {"readiness": widened}, NOW)), tmp_path)

    assert (desk["needed"], phone["needed"]) == (1280, 390)
    assert (desk["beyond"], phone["beyond"]) == ([], [])


def browsed(html: str, directory: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the layout at 1280 and 390 pixels, and the console output of the browser."""
    look = directory / "look.html"
    look.write_text(f"{LOOK}<textarea hidden>{escape(html)}</textarea>")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += ["--no-first-run", "--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=5000"]
    command += [f"--user-data-dir={directory / 'profile'}", "--dump-dom", look.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=590)  # noqa: S603  # the browser found on PATH
    found = re.search(r"<output>(.*)</output>", done.stdout)
    assert found, done.stderr
    seen: list[dict[str, Any]] = json.loads(found[1])
    return seen, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
