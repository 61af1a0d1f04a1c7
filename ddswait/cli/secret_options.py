"""An argparse parser that never repeats a secret."""

from __future__ import annotations

import argparse
import re
import sys

from ddswait.cli.escaping import safe
from ddswait.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

_SECRET_OPTIONS = (
    "--token",
    "--password",
    "--sk",
    "--secret-key",
    "--ak",
    "--access-key",
    "--security-token",
)
_SECRET_NAME = re.compile(r"tok|pas|pw|sec|key|cred|auth|sign|-[as]k\b", re.IGNORECASE)
_BEGUN = 3  # letters of an option that tell which one is meant, if no other begins so
_SIMILAR = 0.75  # the ratio of difflib: `unreachable` and `unreachable-after` have 0.79


class _RefusedSecret(argparse.Action):
    """Refuses a secret on the command line without repeating it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - the arguments that argparse passes
        values: object,  # noqa: ARG002
        option_string: str | None = None,
    ) -> NoReturn:
        parser.error(
            f"{option_string} is refused: every user of this machine can read a command line. Set "
            "HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_SECRET_KEY, or HW_USER_PASSWORD in the "
            "environment instead"
        )


class SafeParser(argparse.ArgumentParser):
    """Names a wrong option without its value if that may be a secret."""

    def error(self, message: str) -> NoReturn:
        """End with 2 and a message that steers nothing, whatever it quotes."""
        from ddswait.cli.wrapping import say  # late: only errors need it

        self.print_usage(sys.stderr)
        say(sys.stderr, f"{self.prog}: error: {safe(message)}")
        self.exit(2)

    def refuse_secrets(self) -> None:
        """Refuse the options in which users of other tools pass secrets."""
        self.add_argument(
            *_SECRET_OPTIONS, nargs="?", action=_RefusedSecret, help=argparse.SUPPRESS
        )

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        """Parse arguments in which job IDs stand before, between and after the options."""
        known, others = self.parse_known_intermixed_args(args, namespace)
        if others:
            options = [word for word in others if word.startswith("-")]
            near = [self._near(word.partition("=")[0]) for word in options]
            shown = [
                word if found and _is_harmless(word) else _without_value(word)
                for word, found in zip(options, near, strict=True)
            ]
            meant = " and ".join(f"--{found}" for found in near if found)
            asked = f"; did you mean {meant}?" if meant else ""
            self.error(f"unrecognized arguments: {' '.join(shown or others)}{asked}")
        return known

    def _near(self, name: str) -> str:
        """Return the option that a user may have meant by one that does not exist, or ""."""
        from difflib import get_close_matches  # late: only a wrong option needs it

        known = [
            option[2:]
            for action in self._actions
            if action.help != argparse.SUPPRESS
            for option in action.option_strings
            if option.startswith("--")
        ]
        name = name.lstrip("-")
        begun = [each for each in known if len(name) >= _BEGUN and each.startswith(name)]
        near = get_close_matches(name, known, 1, _SIMILAR)
        return next(iter(begun if len(begun) == 1 else near), "")


def _is_harmless(option: str) -> bool:
    """Whether an option and its value may be shown: neither looks like a secret."""
    name, _, value = option.partition("=")
    return name.startswith("--") and not _SECRET_NAME.search(name) and "@" not in value


def _without_value(option: str) -> str:
    name, is_given, _ = option.partition("=")
    if name.startswith("--"):
        return f"{name}=..." if is_given else name
    return option if len(option) <= len("-x") else f"{option[:2]}..."


def reported(parse_text: Callable[[str], object]) -> Callable[[str], object]:
    """Return a parser whose errors argparse shows in full."""

    def parsed(text: str) -> object:
        try:
            return parse_text(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed
