"""Targets that read a document: standard input, files, and the variables of the environment."""

from __future__ import annotations

import contextlib
import io
import shutil
from math import inf
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ddswait import history
from ddswait.cli import inputs
from ddswait.cli.escaping import safe
from ddswait.cli.output.json_records import document, dumps
from ddswait.cli.state import State
from ddswait.credentials import chain
from ddswait.credentials.iam import Password, token_request
from ddswait.credentials.project import ProjectByName
from ddswait.credentials.provider import is_provider
from ddswait.errors import ConfigurationError, InputError
from ddswait.runtime.transport import trust
from ddswait.scheduler.expected_end import hazard
from ddswait.service.job_ids import check_job_id, check_project_id
from ddswait.service.replies import Request
from tests.fuzz.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOW = 1_800_000_000.0
_AGES = (0.0, 1.0, 3600.0, 1e8)  # seconds
_REQUEST = Request("GET", "https://dds.test/v3/p/jobs?id=x")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    # /dev/shm is a folder in memory: a fuzzer writes a thousand files a second.
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    folder = Path(mkdtemp(prefix="ddswait-fuzz-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def read_stdin(data: bytes) -> None:
    """Standard input is jobs with valid IDs and distinct names, or an InputError."""
    stdin = io.TextIOWrapper(io.BytesIO(data))
    try:
        jobs = inputs.jobs(["-"], stdin, io.StringIO())
    except InputError:
        return
    assert jobs
    names = [job.label or job.job_id for job in jobs]
    assert len(set(names)) == len(names)
    for job in jobs:
        assert check_job_id(job.job_id)
        assert safe(job.label) == job.label


def read_clouds(data: bytes) -> None:
    """clouds.yaml and secure.yaml, with a NUL between them, are a configuration or an error."""
    clouds, _, secure = data.partition(b"\0")
    with _folder() as folder:
        (folder / "clouds.yaml").write_bytes(clouds)
        if secure:
            (folder / "secure.yaml").write_bytes(secure)
        _resolve({"OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"), "OS_CLOUD": "c"})


def read_profile(data: bytes) -> None:
    """The profile file is a configuration or a ConfigurationError."""
    with _folder() as folder:
        (folder / "credentials").write_bytes(data)
        _resolve(
            {
                "HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(folder / "credentials"),
                "HW_REGION_NAME": "cn-north-4",
            }
        )


def read_environment(data: bytes) -> None:
    """Variables, `NAME=VALUE` in each line, are a configuration or a ConfigurationError."""
    pairs = (line.partition("=") for line in text_of(data).replace("\0", "").split("\n"))
    # A path would let the fuzzer read the files of this machine.
    _resolve({name: value for name, _, value in pairs if "FILE" not in name and name != "HOME"})


def _resolve(env: Mapping[str, str]) -> None:
    try:
        configuration = chain.resolve({**env, "DDSWAIT_METADATA": "off"})
    except ConfigurationError:
        return
    auth = configuration.source.auth
    repr(configuration)
    if configuration.project_id:
        # The client checks it before it sends anything.
        try:
            check_project_id(configuration.project_id)
        except ConfigurationError:
            return
    if isinstance(auth, ProjectByName):
        auth = auth.auth
    if isinstance(auth, Password):
        assert urlsplit(token_request(auth).url).scheme in {"https", "http"}
    elif not is_provider(auth):
        headers = auth.headers()
        for value in {**headers, **auth.sign(_REQUEST, headers)}.values():
            assert value.isascii()
            assert value.isprintable()


def read_ca_file(data: bytes) -> None:
    """A CA file holds certificates, or it is a ConfigurationError."""
    with _folder() as folder, contextlib.suppress(ConfigurationError):
        (folder / "ca.pem").write_bytes(data)
        trust(str(folder / "ca.pem"))


def read_state(data: bytes) -> None:
    """A state is restored, shown and saved again, or it is an InputError that changes nothing."""
    with _folder() as folder:
        file = folder / "state"
        file.write_bytes(data)
        try:
            state = State(str(file))
        except InputError:
            assert file.read_bytes() == data
            return
        with contextlib.closing(state):
            table = state.table([], _NOW)
            state.deadline(None, 3600.0, _NOW)
            state.deadline(60.0, 3600.0, _NOW)
            dumps(document(table, 0))
            state.save(table)
        with contextlib.closing(State(str(file))) as again:
            assert [job.job_id for job in again.table([], _NOW)] == [job.job_id for job in table]


def read_history(data: bytes) -> None:
    """A history is read, or set aside as it was; either way the next run can save to it.

    Or it is something else, and a ConfigurationError changes nothing.
    """
    with _folder() as folder:
        file = folder / "history"
        file.write_bytes(data)
        warnings: list[str] = []
        try:
            durations = history.load(file, warnings.append)
        except ConfigurationError:
            assert file.read_bytes() == data
            return
        assert bool(warnings) == (folder / "history.damaged").exists()
        if warnings:
            assert (folder / "history.damaged").read_bytes() == data
        for key, known in durations.items():
            service, colon, name = key.rpartition(":")
            past = (durations.of_service(service) if colon else durations).of(name)
            assert known
            assert past is not None
            assert past.median > 0
            for age in _AGES:
                assert 0 <= hazard(age, past) < inf
        durations.add("Create_MongoDB", "x", 60.0)
        history.save(file, durations)
        assert history.load(file).count("Create_MongoDB")
