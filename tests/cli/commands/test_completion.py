"""`--print-completion`, in the shells themselves where they are installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ddswait.cli import options
from ddswait.cli.commands import completion

NAMES = {
    name
    for action in completion._options(options.parser())
    for name in action.option_strings
    if name.startswith("--")
}


def printed(shell: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ddswait", "--print-completion", shell],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def run(shell: str, program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [shell, *arguments, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def in_bash(line: str, tmp_path: Path) -> list[str]:
    """Return what bash offers for a command line."""
    file = tmp_path / "ddswait.bash"
    file.write_text(printed("bash"))
    words = line.split(" ")
    asked = " ".join(f"'{word}'" for word in words)
    return run(
        "bash",
        f"source '{file}'; COMP_WORDS=({asked}); COMP_CWORD={len(words) - 1}; _ddswait; "
        'printf "%s\\n" "${COMPREPLY[@]}"',
        "--norc",
    )


def test_bash_offers_options_and_values(tmp_path: Path) -> None:
    """Every option; the values of a choice; files after an option that names one."""
    assert set(in_bash("ddswait --", tmp_path)) == NAMES
    assert in_bash("ddswait --out", tmp_path) == ["--output"]
    assert in_bash("ddswait --output js", tmp_path) == ["json", "jsonl"]
    (tmp_path / "report-of-today.html").touch()
    path = f"{tmp_path}/report-of"
    assert in_bash(f"ddswait --report {path}", tmp_path) == [f"{path}-today.html"]
    assert in_bash("ddswait --timeout 1", tmp_path) == [""]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_options_and_values(tmp_path: Path) -> None:
    """Fish's own `complete -C` tells what it would offer."""
    file = tmp_path / "ddswait.fish"
    file.write_text(printed("fish"))

    def offered(line: str) -> set[str]:
        lines = run("fish", f"source {file}; complete -C '{line}'", "--no-config")
        return {each.split("\t")[0] for each in lines}

    assert offered("ddswait --") == NAMES
    assert offered("ddswait --output ") == {"text", "json", "jsonl"}
    assert offered("ddswait --print-completion ") == {"bash", "zsh", "fish"}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_offers_options_and_values(tmp_path: Path) -> None:
    """Zsh's completion system, on a terminal: what Tab shows."""
    import pexpect

    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "_ddswait").write_text(printed("zsh"))
    shell = pexpect.spawn("zsh", ["-f", "-i"], dimensions=(100, 150), encoding="utf-8", timeout=30)
    shell.sendline(f"PS1='ready> '; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D")
    shell.sendline("LISTMAX=1000; unsetopt menu_complete auto_menu; echo be''gin")
    shell.expect("\nbegin")
    shell.expect("ready> ")
    shell.send("ddswait --re\t\t")
    shell.expect("--ready.*until its instance is normal")
    shell.send("\x15ddswait --output \t\t")
    for value in ("json", "jsonl", "text"):
        shell.expect_exact(value)
    shell.close(force=True)
