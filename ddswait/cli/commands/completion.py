"""`--print-completion SHELL`: completion scripts, made from the parser itself."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """Return the completion script for one of `SHELLS`."""
    return "\n".join({"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](parser)) + "\n"


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    from argparse import SUPPRESS

    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to ask
        if action.option_strings and action.help != SUPPRESS:
            yield action


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _first_words(action: argparse.Action) -> str:
    """Return the help up to its default and variable, on one line."""
    return " ".join((action.help or "").split(" [")[0].split())


def _bash(parser: argparse.ArgumentParser) -> Iterator[str]:
    words = [name for action in _options(parser) for name in action.option_strings]
    yield "# ddswait completion for bash: source this file, or put it into"
    yield "# ~/.local/share/bash-completion/completions/ddswait"
    yield "_ddswait() {"
    yield '    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"'
    yield "    COMPREPLY=()"
    yield '    case "$before" in'
    for action in filter(_takes_value, _options(parser)):
        names = "|".join(action.option_strings)
        if action.choices:
            choices = shlex.quote(" ".join(map(str, action.choices)))
            yield f'        {names}) COMPREPLY=($(compgen -W {choices} -- "$current")); return ;;'
        elif action.metavar == "FILE":
            yield f'        {names}) mapfile -t COMPREPLY < <(compgen -f -- "$current")'
            yield "            compopt -o filenames 2>/dev/null; return ;;"
        else:
            yield f"        {names}) return ;;"
    yield "    esac"
    yield "    [[ $current == -* ]] || return"
    yield f'    COMPREPLY=($(compgen -W {shlex.quote(" ".join(words))} -- "$current"))'
    yield "}"
    yield "complete -F _ddswait ddswait"


def _zsh(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield "#compdef ddswait"
    yield "# ddswait completion for zsh: put this file as _ddswait into a folder of $fpath"
    yield "_arguments -s \\"
    for action in _options(parser):
        told = _first_words(action).replace("[", "(").replace("]", ")").replace(":", " -")
        for name in action.option_strings:
            value = ""
            if _takes_value(action):
                what = "_files" if action.metavar == "FILE" else ""
                if action.choices:
                    what = f"({' '.join(map(str, action.choices))})"
                value = f":{action.metavar or action.dest}:{what}"
            yield f"    {shlex.quote(f'{name}[{told}]{value}')} \\"
    yield "    '*:job ID:'"


def _fish(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield "# ddswait completion for fish: put this file into ~/.config/fish/completions"
    yield "complete -c ddswait -f"
    for action in _options(parser):
        words = ["complete", "-c", "ddswait"]
        for name in action.option_strings:
            words += ["-l", name[2:]] if name.startswith("--") else ["-s", name[1:]]
        if action.choices:
            words += ["-x", "-a", " ".join(map(str, action.choices))]
        elif _takes_value(action):
            words.append("-rF" if action.metavar == "FILE" else "-x")
        yield shlex.join([*words, "-d", _first_words(action)])
