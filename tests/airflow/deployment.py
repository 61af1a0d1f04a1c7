"""A real Airflow: PostgreSQL in a folder of its own, and Airflow's processes as they are."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cloud_process import Cloud

DAGS = Path(__file__).parent / "dags"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ENDPOINT = "http://127.0.0.1:{}"
_PATIENCE = 300.0  # seconds of real time until a test that waits for something gives up


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(is_true: Callable[[], Any], what: str, patience: float = _PATIENCE) -> Any:
    """Wait until something becomes visible; fail if it never does."""
    give_up_at = time.monotonic() + patience
    while not (found := is_true()):
        assert time.monotonic() < give_up_at, f"never seen: {what}"
        time.sleep(0.2)
    return found


class Database:
    """A PostgreSQL cluster below a folder, reached by a socket there."""

    def __init__(self, folder: Path) -> None:
        self._bin = PROGRAMS[-1]
        self._folder = folder
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, driver: str) -> str:
        return f"postgresql+{driver}://{self._user}@/airflow?host={self._folder}"

    def start(self) -> None:
        self._folder.mkdir()
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-A", "trust", "--no-sync")
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}"]
        settings += ["-c", "fsync=off", "-c", "max_connections=200"]
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", data, *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as_user(),
        )
        until(self._ready, "PostgreSQL")
        self._run("createdb", "-h", self._folder, "airflow")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def dump(self) -> str:
        """Return all that the database holds, as SQL."""
        return self._run("pg_dump", "-h", self._folder, "--inserts", "airflow")

    def query(self, statement: str) -> str:
        """Return the rows of a query, with `|` between their columns."""
        return self._run("psql", "-h", self._folder, "-At", "-c", statement, "airflow").strip()

    def _ready(self) -> bool:
        done = subprocess.run(
            [self._bin / "pg_isready", "-h", self._folder], capture_output=True, check=False
        )
        return done.returncode == 0

    def _run(self, program: str, *arguments: str | Path) -> str:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self._bin / program, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=self._folder,
            **self._as_user(),
        )
        return done.stdout

    def _as_user(self) -> dict[str, Any]:
        return {"user": self._user} if os.geteuid() == 0 else {}


class Airflow:
    """One deployment, whose processes a test starts and kills.

    Args:
        folder: for everything.
        cloud: the simulator that its connection leads to.

    Attributes:
        dags: the folder of the DAGs.
        database: what it keeps.
    """

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder
        self.dags = Path(shutil.copytree(DAGS, folder / "dags"))
        self.database = Database(folder / "database")
        self.cloud = cloud
        self._api = ENDPOINT.format(port := free_port())
        self._processes = ExitStack()
        self.env = {
            **{name: value for name, value in cloud.env.items() if not name.startswith("HW_")},
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database.url("psycopg2"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": self.database.url("asyncpg"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__FERNET_KEY": "mJ9YwT8oP0yq1s9pR6s7c0qv0mZ4C8yqXr3l0wKfX2I=",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self._api}/execution/",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": "invented",
            "AIRFLOW__API_AUTH__JWT_SECRET": "invented-invented-invented-invented",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
            # Not 30: on a busy machine a triggerer takes long until its first trigger runs.
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "DDSWAIT_TEST_ENDPOINT": cloud.endpoint,
            "PYTHONUNBUFFERED": "1",
        }
        for name in ("DDSWAIT_ENDPOINT", "DDSWAIT_SERVICE"):
            self.env.pop(name, None)

    def run(self, *arguments: str, **env: str) -> str:
        """Run a command of Airflow; return what it printed."""
        done = subprocess.run(
            [Path(sys.executable).parent / "airflow", *arguments],
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        return done.stdout + done.stderr

    def start(self, name: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a process of Airflow, in a session of its own; close() ends it."""
        log = self._processes.enter_context((self.folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [Path(sys.executable).parent / "airflow", *arguments],
            env={**self.env, **env},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._processes.callback(end, process)
        return process

    def set_up(self) -> None:
        """Create the database, and the connection to the simulator in it."""
        self.database.start()
        self._processes.callback(self.database.stop)
        self.run("db", "migrate")
        self.connect("ddswait_default")

    def connect(self, conn_id: str, **changes: Any) -> None:
        """Store a connection to the simulator."""
        settings = self.cloud.env
        extra = {"project_id": settings["HW_PROJECT_ID"], "token": settings["HW_AUTH_TOKEN"]}
        extra |= {"rate": "100/s"}
        connection = {"conn_type": "ddswait", "host": self.cloud.endpoint, "extra": extra}
        # From a file: Airflow writes the arguments of its commands into its database.
        file = self.folder / "connections.json"
        file.write_text(json.dumps({conn_id: connection | changes}))
        self.run("connections", "import", str(file))

    def trigger(self, dag: str, run_id: str, **conf: Any) -> None:
        """Start a run, as a user does."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        self._request("POST", f"dags/{dag}/dagRuns", body)

    def unpause(self, dag: str) -> None:
        self._request("PATCH", f"dags/{dag}", {"is_paused": False})

    def allow(self, slots: int) -> None:
        """Let only so many tasks begin."""
        body = {"slots": slots, "include_deferred": False}
        self._request("PATCH", "pools/default_pool?update_mask=slots", body)

    def change(self, dag: str, run_id: str, state: str, task_id: str = "wait") -> None:
        """Mark a task, as a user does in Airflow's pages."""
        path = f"dags/{dag}/dagRuns/{run_id}/taskInstances/{task_id}"
        self._request("PATCH", path, {"new_state": state})

    def clear(self, dag: str, run_id: str) -> None:
        """Clear the tasks of a run, as a user does."""
        body = {"dag_run_id": run_id, "dry_run": False, "only_failed": False}
        self._request("POST", f"dags/{dag}/clearTaskInstances", body)

    def _request(self, method: str, path: str, body: Any) -> Any:
        with urllib.request.urlopen(f"{self._api}/auth/token") as reply:  # noqa: S310
            token = json.load(reply)["access_token"]
        request = urllib.request.Request(  # noqa: S310
            f"{self._api}/api/v2/{path}",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request) as reply:  # noqa: S310
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from None

    def is_up(self) -> bool:
        """Whether the API server replies."""
        try:
            with urllib.request.urlopen(f"{self._api}/api/v2/version"):  # noqa: S310
                return True
        except OSError:
            return False

    def xcom(self, run_id: str, key: str, *, index: int = -1) -> Any:
        """Return an XCom of the sensor; None if there is none."""
        where = f"run_id='{run_id}' and task_id='wait' and key='{key}' and map_index={index}"
        found = self.database.query(f"select value from xcom where {where}")  # noqa: S608
        value = json.loads(found) if found else None
        return json.loads(value) if isinstance(value, str) and value[:1] in '[{"' else value

    def state(self, run_id: str, task_id: str = "wait") -> str:
        where = f"run_id='{run_id}' and task_id='{task_id}'"
        return self.database.query(f"select state from task_instance where {where}")  # noqa: S608

    def wait_until_deferred(self, run_id: str, tasks: int = 1) -> None:
        """Wait until the tasks of a run are deferred, and the scheduler has noted that.

        Else it takes a task that goes on at once for one that was killed.
        """
        noted = (
            f"Received executor event with state success for .*task_id='wait', run_id='{run_id}'"
        )
        until(lambda: len(re.findall(noted, self.output("scheduler"))) >= tasks, "deferred tasks")

    def output(self, name: str) -> str:
        """Return what a process that start() started has printed."""
        return (self.folder / f"{name}.log").read_text()

    def log_of(self, run_id: str, task_id: str = "wait") -> str:
        """Return the log of a task: what the worker and the triggerers wrote."""
        files = (self.folder / "logs").rglob("*.log*")
        wanted = [each for each in files if f"run_id={run_id}" in str(each)]
        found = [each for each in wanted if f"task_id={task_id}" in str(each)]
        return "".join(each.read_text() for each in sorted(found))

    def close(self) -> None:
        self._processes.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process of Airflow and its children."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of Airflow and its children (-9)."""
    os.killpg(process.pid, 9)
    process.wait()


@contextmanager
def deployment(cloud: Cloud) -> Iterator[Airflow]:
    folder = Path(tempfile.mkdtemp(prefix="ddswait-airflow-"))
    folder.chmod(0o755)
    airflow = Airflow(folder, cloud)
    try:
        airflow.set_up()
        yield airflow
    finally:
        airflow.close()
        shutil.rmtree(folder, ignore_errors=True)
