"""The reasons in equivalent.txt are about code that is still there."""

from pathlib import Path

import pytest

from tests.mutation.mutants import EQUIVALENT, Mutant, Result, equivalent, functions, results

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", equivalent(), ids=lambda mutant: mutant.function)
def test_reason_is_about_code_that_is_there(mutant: Mutant) -> None:
    """The function still has the lines that the mutant changes; its reason is a sentence."""
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    name = mutant.function.rpartition(".")[2]
    bodies = [[line.strip() for line in body] for known, body in functions(source) if known == name]
    taken_out = [line[2:] for line in mutant.changes if line.startswith("- ")]
    assert any(all(line in body for line in taken_out) for body in bodies)
    assert len(equivalent()[mutant].split()) > len(["It", "is", "the", "same"])


def test_no_mutant_is_explained_twice() -> None:
    """Each mutant has one reason."""
    text = EQUIVALENT.read_text(encoding="utf-8")
    assert text.count("\nddswait/") == len(equivalent())


def test_mutants_are_known_by_what_they_change(tmp_path: Path) -> None:
    """A mutant is its function and its changed lines, whatever number mutmut gives it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text(
        "def x_f__mutmut_orig(self, x=1):\n    return x\n\n"
        "def x_f__mutmut_1(self, x=2):\n    return x\n\n"
        "def xǁCǁf__mutmut_orig(self):\n    if self:\n        return 1\n\n"
        "def xǁCǁf__mutmut_12(self):\n    if self:\n        return 2\n"
    )
    listed = (
        "    a.b.x_f__mutmut_1: survived\n"
        "    a.b.xǁCǁf__mutmut_12: timeout\n"
        "    a.b.xǁCǁf__mutmut_13: not checked\n"
    )
    first, second = results(listed, tmp_path)
    assert first == Result(
        Mutant("a/b.py", "f", ("- def f(self, x=1):", "+ def f(self, x=2):")), "survived"
    )
    assert second.mutant == Mutant("a/b.py", "C.f", ("- return 1", "+ return 2"))
    assert (first.is_killed, second.is_killed) == (False, True)
