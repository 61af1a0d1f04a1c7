"""docs/promises.md: each promise names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
PROMISES = PAGE.split("\n## ")[1:]


def test_there_are_eight_promises_and_each_has_a_proof() -> None:
    """A promise without a test is a wish."""
    assert [promise[0] for promise in PROMISES] == list("12345678")
    assert all("\nProof: `tests/" in promise for promise in PROMISES)


def test_every_proof_is_there() -> None:
    """The file, and the test in it, if the page names one."""
    proofs = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(proofs) > len(PROMISES)
    for file, test in proofs:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert not test or test in names, f"{file}::{test}"
