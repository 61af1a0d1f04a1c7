"""Makes the pictures of the README from one real run against the simulator, in about a minute.

    python -m tests.pictures

Needs the extra `test`, and for the picture of the report the program chromium or chromium-browser.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.cli.output.pseudo_terminal import Terminal
from tests.cloud_process import serving
from tests.pictures.drawing import svg

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LIVE, REPORT = "live-view.svg", "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NEEDED = f"{BROWSERS[0]}, {BROWSERS[1]} or {BROWSERS[2]}"
COLUMNS, LINES = 100, 30


class Plan(NamedTuple):
    """A job of the run; `seconds` is how long it takes."""

    label: str
    seconds: float
    fails: str | None = None


PLANS = (
    Plan("orders", 45),
    Plan("stock", 35),
    Plan("users", 14, "Insufficient quota of volumes in az2."),
    Plan("carts", 22),
    Plan("audit", 60),
)


def make(folder: Path, browser: str) -> None:
    """Run the command, and write both pictures."""
    with serving() as cloud, tempfile.TemporaryDirectory() as place:
        jobs = [
            f"{label}={cloud.job(seconds=seconds, fails=fails, instance_name=f'{label}-db')}"
            for label, seconds, fails in PLANS
        ]
        # In its own folder, so that the report shows the command as a user types it.
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', place, sys.executable, "-m", "ddswait"]
        command = [*inside, "--report", "report.html", *jobs]
        terminal = Terminal(cloud, columns=COLUMNS, lines=LINES, command=command)
        terminal.until(r"carts .* completed")
        terminal.until(r"stock .* [6-9]\d %")
        picture = svg(terminal.screen, "of 5 jobs ended")
        terminal.end()
        (folder / LIVE).write_text(picture, encoding="utf-8")
        photograph(browser, Path(place) / "report.html", folder / REPORT)


def photograph(browser: str, page: Path, picture: Path) -> None:
    """Let a browser draw a page into a picture."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    size = ["--window-size=1000,808", f"--screenshot={picture}"]
    done = subprocess.run(
        [browser, *options, *size, page.as_uri()], capture_output=True, text=True, check=False
    )
    if not picture.exists():
        sys.exit(f"{browser} drew no picture of the report: {done.stderr[-500:]}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write the pictures")
    options = parser.parse_args(arguments)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"no browser draws the report: install {NEEDED}, and try again")
    make(options.folder, browser)


if __name__ == "__main__":
    main()
