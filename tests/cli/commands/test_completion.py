"""`--print-completion`, in the shells themselves where they are installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ddswait.cli.arguments import SHELLS
from ddswait.cli.main import main
from ddswait.service import NAMES as NAMES_OF_SERVICES
from ddswait.service.registry import aliases

HELP = (Path(__file__).parents[1] / "help.txt").read_text()
NAMES = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", HELP, re.MULTILINE))


def printed(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["--print-completion", shell]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def run(shell: str, program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [shell, *arguments, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def in_bash(line: str, script: Path) -> list[str]:
    """Return what bash offers for a command line."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    return run(
        "bash",
        f"source '{script}'; function=$(complete -p ddswait | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        f"$function ddswait '{words[-1]}' '{words[-2]}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        "--norc",
    )


def test_bash_offers_options_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option; the values of a choice; files after an option that takes one."""
    script = tmp_path / "ddswait.bash"
    script.write_text(printed("bash", capsys))
    assert set(in_bash("ddswait --", script)) == NAMES
    assert in_bash("ddswait --out", script) == ["--output"]
    assert in_bash("ddswait --output js", script) == ["json", "jsonl"]
    services = {*NAMES_OF_SERVICES, *aliases(), "all"}
    assert set(in_bash("ddswait --service ", script)) == services
    assert in_bash("ddswait --service gaussdb-m", script) == ["gaussdb-mysql"]
    (tmp_path / "report-of-today.html").touch()
    path = f"{tmp_path}/report-of"
    for option in ("--report", "--junit", "--state", "--history", "--ca-file"):
        assert in_bash(f"ddswait {option} {path}", script) == [f"{path}-today.html"]
    assert in_bash(f"ddswait --timeout {path}", script) == [""]


def test_secret_options_are_not_offered(capsys: pytest.CaptureFixture[str]) -> None:
    """What is refused is not in the script of any shell."""
    for shell in SHELLS:
        assert "password" not in printed(shell, capsys)


@pytest.mark.parametrize("shell", SHELLS)
def test_without_shtab_it_says_what_to_install(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the command."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", shell]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "needs shtab: install it with pip install shtab" in shown.err


def test_shtab_that_is_too_old_for_a_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Earlier versions know no fish: exit code 2, and what to install."""
    monkeypatch.setattr("shtab.SUPPORTED_SHELLS", ["bash", "zsh"])
    assert main(["--print-completion", "fish"]) == 2
    assert "cannot write a completion script for fish: install a newer" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_options_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fish's own `complete -C` shows what it would offer."""
    file = tmp_path / "ddswait.fish"
    file.write_text(printed("fish", capsys))

    def offered(line: str) -> set[str]:
        lines = run("fish", f"source {file}; complete -C '{line}'", "--no-config")
        return {each.split("\t")[0] for each in lines}

    assert offered("ddswait --") == NAMES
    assert offered("ddswait --output ") == {"text", "json", "jsonl"}
    assert offered("ddswait --print-completion ") == {"bash", "zsh", "fish"}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_offers_options_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Zsh's completion system, on a terminal: what Tab shows."""
    import pexpect

    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "_ddswait").write_text(printed("zsh", capsys))
    shell = pexpect.spawn("zsh", ["-f", "-i"], dimensions=(100, 150), encoding="utf-8", timeout=30)
    shell.sendline(f"PS1='ready> '; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D")
    shell.sendline("LISTMAX=1000; unsetopt menu_complete auto_menu; echo be''gin")
    shell.expect("\nbegin")
    shell.expect("ready> ")
    shell.send("ddswait --re\t\t")
    shell.expect("--ready.*until its instance is ready")
    shell.send("\x15ddswait --output \t\t")
    for value in ("json", "jsonl", "text"):
        shell.expect_exact(value)
    shell.close(force=True)
