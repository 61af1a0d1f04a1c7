"""Nothing is imported after the first request: an import may fail when something else does."""

import subprocess
import sys


def test_faults_import_nothing() -> None:
    """Whatever goes wrong in a run, everything that is needed for it was imported before."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.runtime.imports"], capture_output=True, text=True, check=False
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    assert lines.pop("imported") == "[]"
    assert lines.pop("ready") == "Completed"
    assert lines.pop("401") == "Refused"
    assert set(lines.values()) == {"JobFailed"}
    assert len(lines) == 10
