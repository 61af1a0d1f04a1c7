"""examples/: each runs, by its own engine where that can be had.

Terraform, Ansible and gitlab-ci-local (GitLab's rules, without GitLab) are used where they are
installed. GitHub's runner cannot be had outside of GitHub: the steps of the workflow are run as
it runs them. So are those of Jenkins and Azure.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cloud_process import Cloud, serving

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A cloud whose jobs take two seconds; `ddswait` is on the path."""
    with serving("--job-seconds", "2", "--visible-after", "0.5") as made:
        folder = Path(sys.executable).parent
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        yield Cloud(made.endpoint, {**made.env, "PATH": path})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the examples, to run them in."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))


def run(command: list[str], place: Path, cloud: Cloud, **env: str) -> str:
    done = subprocess.run(
        command,
        cwd=place,
        env={**cloud.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "simulated-token" not in done.stdout
    return done.stdout


def answered(cloud: Cloud) -> dict[str, int]:
    statuses: dict[str, int] = cloud.stats()["statuses"]
    return statuses


@pytest.mark.parametrize(
    "command",
    [
        ["provision.py"],
        ["many.py"],
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_provisioning.py"],
    ],
)
def test_programs(command: list[str]) -> None:
    """Each program runs as it stands, without a cloud."""
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=EXAMPLES,
        env=env,
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs("make")
@needs("curl")
def test_makefile(cloud: Cloud, place: Path) -> None:
    """The instance is ordered and waited for once; made again, there is nothing to do."""
    output = run(["make", "database.ready"], place, cloud)
    assert "1 completed; exit code 0" in output
    assert json.loads((place / "wait.json").read_text())["jobs"][0]["label"] == "orders"
    before = answered(cloud)
    assert "is up to date" in run(["make", "database.ready"], place, cloud)
    assert answered(cloud) == before


@needs("curl")
def test_github_actions(cloud: Cloud, place: Path) -> None:
    """The steps, one after the other in bash, give what the next job is promised."""
    workflow: dict[str, Any] = yaml.load(
        (place / "github-actions.yml").read_text(),
        yaml.BaseLoader,  # noqa: S506 - makes text only: `on` stays a key
    )
    job = workflow["jobs"]["database"]
    assert set(workflow["env"]) < set(cloud.env) | {"GITHUB_ACTIONS"}
    files = {name: str(place / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert len(commands) == 3
    for command in commands:
        script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
        run(script, place, cloud, GITHUB_ACTIONS="true", **files)
    assert job["outputs"] == {"outcomes": "${{ steps.wait.outputs.outcomes }}"}
    assert "outcomes<<" in Path(files["GITHUB_OUTPUT"]).read_text()
    assert '{"orders": "completed"}' in Path(files["GITHUB_OUTPUT"]).read_text()
    assert "1 of 1 completed" in Path(files["GITHUB_STEP_SUMMARY"]).read_text()
    kept = next(step["with"]["path"] for step in job["steps"] if "upload" in step.get("uses", ""))
    assert all((place / name).exists() for name in kept.split())


@needs("curl")
def test_jenkins(cloud: Cloud, place: Path) -> None:
    """The steps, one after the other in sh, order the instance and wait for it."""
    text = (place / "Jenkinsfile").read_text()
    for opening, closing in ("{}", "()", "[]"):
        assert text.count(opening) == text.count(closing)
    block = re.search(r"environment \{(.*?)\n  \}", text, re.DOTALL)
    assert block is not None
    assert set(re.findall(r"(\w+) =", block[1])) < set(cloud.env)
    order, install, wait = re.findall(r"sh '''\n(.*?)'''", text, re.DOTALL)
    assert install.split()[-3:] == ["install", "-q", "ddswait"]
    # Groovy takes a backslash before a newline, with the newline, out of a string.
    order, wait = (script.replace("\\\n", "") for script in (order, wait))
    run(["sh", "-e", "-c", order], place, cloud)
    assert "1 completed; exit code 0" in run(["sh", "-e", "-c", wait], place, cloud)
    assert all((place / name).exists() for name in ("wait.json", "report.html", "junit.xml"))


@needs("curl")
def test_azure_pipelines(cloud: Cloud, place: Path) -> None:
    """The scripts, one after the other in bash, give what the next job waits for."""
    pipeline: dict[str, Any] = yaml.safe_load((place / "azure-pipelines.yml").read_text())
    database, migrate = pipeline["jobs"]
    install, order, wait = [step for step in database["steps"] if "script" in step]
    assert install["script"] == "pip install -q ddswait"
    assert set(pipeline["variables"]) | set(wait["env"]) < set(cloud.env)
    for step in (order, wait):
        output = run(["bash", "--noprofile", "--norc", "-c", step["script"]], place, cloud)
    assert "1 completed; exit code 0" in output
    results = next(step["inputs"] for step in database["steps"] if "PublishTest" in str(step))
    assert (place / results["testResultsFiles"]).exists()
    assert migrate["dependsOn"] == database["job"]


@needs("gitlab-ci-local")
@needs("rsync")
@needs("curl")
def test_gitlab_ci(cloud: Cloud, place: Path) -> None:
    """All jobs run in their order, and the reports are there."""
    for command in (["git", "init", "-q"], ["git", "add", "."]):
        run(command, place, cloud)
    variables = [
        word
        for name in ("DDSWAIT_ENDPOINT", "HW_PROJECT_ID", "HW_AUTH_TOKEN")
        for word in ("--variable", f"{name}={cloud.env[name]}")
    ]
    output = run(
        ["gitlab-ci-local", "--file", "gitlab-ci.yml", "--force-shell-executor", *variables],
        place,
        cloud,
        HOME=str(place),
    )
    assert "1 completed; exit code 0" in output
    assert "the database is ready" in output


@needs("terraform")
def test_terraform(cloud: Cloud, place: Path) -> None:
    """An apply waits for the job; one that fails stops what depends on it."""
    folder = place / "terraform"
    env = {"TF_IN_AUTOMATION": "1", "HOME": str(place), "CHECKPOINT_DISABLE": "1"}
    run(["terraform", "init", "-no-color"], folder, cloud, **env)
    apply = ["terraform", "apply", "-no-color", "-auto-approve"]
    output = run([*apply, f"-var=job_id={cloud.job(seconds=2)}"], folder, cloud, **env)
    assert "1 completed; exit code 0" in output
    assert 'next = "the database is ready"' in output
    assert "simulated-token" not in (folder / "terraform.tfstate").read_text()
    failed = subprocess.run(
        [*apply, f"-var=job_id={cloud.job(fails='no quota')}"],
        cwd=folder,
        env={**cloud.env, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 1
    assert "no quota" in failed.stdout


@needs("ansible-playbook")
def test_ansible(cloud: Cloud, place: Path) -> None:
    """The play orders an instance, waits, and knows what was made."""
    output = run(["ansible-playbook", "ansible.yml"], place, cloud, HOME=str(place))
    assert '"name": "orders"' in output
    assert "failed=0" in output
