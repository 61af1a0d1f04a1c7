"""`--report FILE.html`: one page that holds everything, whatever a server says."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from ddswait.cli.job_table import JobTable, PollRecord
from ddswait.cli.named import Named
from ddswait.cli.reports import html as report
from ddswait.cli.reports.run_facts import RunFacts
from ddswait.cli.reports.timeline import round_times
from ddswait.job import Job
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.service.dds import SERVICE
from tests.cli import in_process
from tests.cloud_process import TOKEN, Cloud, serving

VOID = {"meta", "rect", "path", "polyline", "br"}


class Page(HTMLParser):
    """A page taken apart: every element closed, and what there is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


def sample(reason: str = "no quota", name: str = "orders") -> JobTable:
    table = JobTable([Named(kind.value, f"{name} {kind.value}") for kind in OutcomeKind], 1000.0)
    for entry in table:
        kind = OutcomeKind(entry.job_id)
        instance = {"id": "abcin02", "name": name}
        record = {"id": kind.value, "name": "Create", "instance": instance, "fail_reason": reason}
        job = None if kind is OutcomeKind.NOT_FOUND else SERVICE.read_record(record)
        if job:
            entry.created_at, entry.visible_at = 990.0, 1003.0
            entry.polls = [
                PollRecord(1000.0 + 10 * step, "interval", 10 * step) for step in range(10)
            ]
        refusal = Refusal(401, "APIGW.0301", request_id="0123") if "ref" in kind else None
        outcome = Outcome(kind.value, kind, job, reason, refusal=refusal, waited=100.0, polls=10)
        table.settle(outcome, 1100.0)
    return table


def test_page_shows_everything() -> None:
    """Verdict, a row with polls and progress for each job, reasons, next steps, and a table."""
    table = sample()
    page = Page(report.document(table, RunFacts(1, 1100.0)))
    jobs = len(OutcomeKind)
    assert f"1 of {jobs} DDS jobs completed" in page.text
    assert "exit code 1" in page.text
    pictures = [attrs for tag, attrs in page.tags if tag == "svg" and "role" in attrs]
    assert len(pictures) == jobs
    assert page.count("polyline") == jobs - 1  # never seen, no progress
    for part in (
        "no quota",
        "The request ID is 0123",
        "Fix the cause, then submit",
        "abcin02",
        "timed out",
        "not ready",
        "1m40s",
    ):
        assert part in page.text
    ticks = [attrs["d"] for tag, attrs in page.tags if tag == "path" and "v5" in (attrs["d"] or "")]
    assert {len(re.findall("M", each or "")) for each in ticks} == {10}


def test_failures_come_first() -> None:
    """Before the timeline, in the timeline and in the table; pending jobs are no failures."""
    page = Page(report.document(sample(), RunFacts(1, 1100.0)))
    explained, rest = page.text.split("What did not complete")[1].split("Timeline")
    assert "orders pending" not in explained
    assert "orders completed" not in explained
    assert "orders timed_out" in explained
    places = [rest.index(f"orders {kind}") for kind in ("failed", "pending", "completed")]
    assert places == sorted(places)


def test_equal_failures_are_one_entry() -> None:
    """With all names, the reason and the next step once."""
    table = JobTable([Named(f"id-{number}", f"shard-{number}") for number in range(30)], 0.0)
    for entry in table:
        job = Job(entry.job_id, fail_reason=f"no volume for {entry.label}")
        table.settle(Outcome(entry.job_id, OutcomeKind.FAILED, job), 10.0)
    text = Page(report.document(table, RunFacts(1, 10.0))).text
    explained = text.split("What did not complete")[1].split("Timeline")[0]
    assert "30 jobs failed" in explained
    assert explained.count("no volume for \u2026") == 1
    assert explained.count("shard-") == 30


def test_every_link_leads_to_its_entry() -> None:
    """The counts lead to what explains them, and each name to the row of its job."""
    page = Page(report.document(sample(), RunFacts(1, 1100.0)))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    links = [attrs["href"] or "" for tag, attrs in page.tags if tag == "a"]
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    kinds = {"jobs" if kind.value == "completed" else kind.value for kind in OutcomeKind}
    assert {link.removeprefix("#") for link in links} >= kinds
    rows = [each for each in ids if (each or "").startswith("job-")]
    assert len(rows) == len(OutcomeKind)
    assert all(links.count(f"#{row}") in {1, 2} for row in rows)  # timeline, and failures


def test_run_is_described() -> None:
    """Region, endpoint, project, the command, and the one that resumes, if there is one."""
    run = RunFacts(1, 1100.0, "https://x.test", "cn-north-4", "0549", ("ddswait", "a"), ("again",))
    text = Page(report.document(sample(), run)).text
    for part in ("region", "cn-north-4", "https://x.test", "0549", "ddswait a", "again"):
        assert part in text
    assert "to resume" not in Page(report.document(sample(), RunFacts(1, 1100.0))).text


@pytest.mark.parametrize(
    ("seconds", "last", "step"),
    [
        (0.0, 0, 1),
        (6.0, 6, 1),
        (45.0, 40, 10),
        (95.0, 90, 15),
        (420.0, 360, 120),
        (3400.0, 3000, 600),
        (90_000.0, 86_400, 21_600),
        (1e8, 97_372_800, 13_910_400),
    ],
)
def test_times_of_the_timeline_are_round(seconds: float, last: float, step: float) -> None:
    """At most eight of them, from 0 up to the end of the run."""
    times = round_times(seconds)[:-1]
    assert (times[0], times[-1]) == (0.0, last)
    assert {later - earlier for earlier, later in pairwise(times)} <= {step}
    assert len(times) <= 8


def test_colon_follows_its_word() -> None:
    """No distance in the style sheet tears "12 jobs failed: the reason" apart."""
    style = (Path(report.__file__).parent / "html.css").read_text()
    (rule,) = re.findall(r"\.group h3 span \{([^}]*)\}", style)
    assert not re.search(r"margin|padding|display", rule)


def test_200_jobs_are_printed_on_fewer_than_8_pages() -> None:
    """By the heights in the style sheet for print: one line for each job, twice.

    Chromium makes 7 pages of A4 of such a page, with 15 jobs explained before the timeline.
    """
    style = (Path(report.__file__).parent / "html.css").read_text().split("@media print")[1]
    margin = number(style, r"@page \{ margin: ([\d.]+)mm") * 72 / 25.4
    line = number(style, r" table \{ font-size: ([\d.]+)pt") * number(
        style, r"line-height: (1.15) "
    )
    row = line + 2 * number(style, r"td \{ padding: ([\d.]+)pt") + 0.75
    bar = number(style, r"\.row svg \{ height: ([\d.]+)pt") + 0.75
    explanation = 300.0
    for height in (842.0, 792.0):  # A4 and Letter
        assert (explanation + 200 * (row + bar)) / (height - 2 * margin) < 7


def number(text: str, pattern: str) -> float:
    found = re.search(pattern, text)
    assert found, pattern
    return float(found[1])


def test_places_on_the_line_are_to_scale() -> None:
    """Submitted at 0, first visible and each poll at their share of the whole."""
    table = JobTable([Named("x")], 1000.0)
    entry = table["x"]
    entry.created_at, entry.visible_at = 1000.0, 1025.0
    entry.polls = [PollRecord(1050.0, "interval", 20), PollRecord(1075.0, "interval", 60)]
    table.settle(Outcome("x", OutcomeKind.COMPLETED, Job("x"), waited=100.0), 1100.0)
    page = Page(report.document(table, RunFacts(0, 1100.0)))
    bars = [attrs for tag, attrs in page.tags if tag == "rect" and attrs.get("height") == "20"]
    assert [(bar["x"], bar["width"]) for bar in bars] == [("0.0", "1000.0"), ("250.0", "750.0")]
    points = next(attrs["points"] for tag, attrs in page.tags if tag == "polyline")
    assert points == "500.0,23.0 750.0,15.0"
    assert any(attrs.get("d") == "M500.0 28v5M750.0 28v5" for _, attrs in page.tags)


def test_page_needs_nothing_else() -> None:
    """No script, no address to load from, no style from elsewhere; made for print and dark."""
    text = report.document(sample(), RunFacts(1, 1100.0))
    page = Page(text)
    assert page.count("script") == page.count("link") == page.count("img") == 0
    assert not re.search(r"https?:|url\(|@import|\bon\w+=|src=|href=\"[^#]", text)
    for query in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem"):
        assert query in text
    assert 'name="viewport"' in text


def test_server_text_is_text() -> None:
    """No markup of a server is markup of the page."""
    hostile = "</style><script>alert(1)</script><img src=x onerror=y>\" ' & \x1b[31m \u202e"
    plain, evil = (
        Page(report.document(sample(each, each), RunFacts(1, 1100.0))) for each in ("x", hostile)
    )
    assert [tag for tag, _ in evil.tags] == [tag for tag, _ in plain.tags]
    assert "<script>alert(1)</script>" in evil.text
    assert "\x1b" not in evil.text
    assert "\u202e" not in evil.text


def test_report_of_a_real_run(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The page is there whatever the verdict, also after a signal's or a timeout's end."""
    file = tmp_path / "report.html"
    done = in_process.run(
        cloud, capsys, "--report", str(file), "--timeout", "2",
        f"mine={cloud.job(seconds=1)}", cloud.job(fails="no quota"), cloud.job(seconds=600),
    )  # fmt: skip
    assert TOKEN not in file.read_text()
    page = Page(file.read_text())
    assert done.code == 1
    assert "1 of 3 DDS jobs completed" in page.text
    assert "no quota" in page.text
    assert page.count("polyline") >= 1
    assert cloud.endpoint in page.text
    assert f"ddswait --timeout 2s --interval 0.2s --report {file} mine=" in page.text


@pytest.mark.slow
def test_many_polls_are_thinned_out() -> None:
    """A week of polls does not make a page of a hundred megabytes."""
    table = JobTable([Named(f"job-{number}") for number in range(1000)], 0.0)
    polls = [PollRecord(float(step), "interval", step // 41) for step in range(4000)]
    for entry in table:
        entry.visible_at, entry.polls = 0.0, polls
        table.settle(Outcome(entry.job_id, OutcomeKind.TIMED_OUT, Job(entry.job_id)), 4000.0)
    assert len(report.document(table, RunFacts(124, 4000.0))) < 10_000_000


def test_page_of_very_many_jobs_leaves_out_those_that_went_well() -> None:
    """Two thousand rows, those that did not complete first; the counts are of all."""
    table = JobTable([Named(f"job-{number}") for number in range(5000)], 0.0)
    for entry in table:
        kind = OutcomeKind.FAILED if entry.job_id == "job-4711" else OutcomeKind.COMPLETED
        table.settle(Outcome(entry.job_id, kind, Job(entry.job_id)), 10.0)
    text = report.document(table, RunFacts(1, 10.0))
    assert "4999 of 5000 DDS jobs completed" in text
    assert "3000 jobs left out below, completed jobs first." in text
    assert text.count("job-4711") >= 3
    assert len(text) < 5_000_000
