"""The pages for users: their code blocks, and how a block is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ddswait

if TYPE_CHECKING:
    from ddswait.simulator import Simulator
    from tests.cloud_process import Cloud

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
BLOCKS = {
    page: re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    for page in PAGES
}


def blocks(page: str, language: str) -> list[str]:
    return [text for each, text in BLOCKS[page] if each == language]


def run_block(code: str) -> dict[str, Any]:
    """Execute a Python block; return its names."""
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102 - our own documentation
    return space


def settings_of(dds: Simulator) -> dict[str, Any]:
    token = ddswait.Token(dds.token)
    return {"endpoint": dds.endpoint, "project_id": dds.project_id, "auth": token}


def run_shell(
    block: str, cloud: Cloud, folder: Path, **env: str
) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", block],
        cwd=folder,
        env={**cloud.env, "PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )
