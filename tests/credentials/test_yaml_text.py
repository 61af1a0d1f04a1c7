"""ddswait.credentials.yaml_text: YAML of text, with a bound for its aliases."""

from math import inf
from pathlib import Path
from typing import Any

import pytest
import yaml

from ddswait import ConfigurationError
from ddswait.credentials.yaml_text import expanded_size, parse

FILE = Path("clouds.yaml")


def bomb(levels: int, form: str) -> str:
    """Return a document in which each level refers to the level below it nine times."""
    lines = ["a0: &a0 {k: s3cret}"]
    for level in range(1, levels + 1):
        below = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {form.replace('...', below)}")
    return "\n".join(lines)


@pytest.mark.parametrize("form", ["[...]", "{x: [...]}", "{<<: [...]}", "{<<: [...], own: 1}"])
def test_aliases_that_multiply_are_refused(form: str) -> None:
    """Lists and merges alike, before anything is copied; the message repeats no value."""
    with pytest.raises(
        ConfigurationError, match=r"its aliases .* more than 100000 values"
    ) as caught:
        parse(bomb(6, form), FILE)
    assert "s3cret" not in str(caught.value)
    assert parse(bomb(2, form), FILE)


def test_document_that_contains_itself_is_refused() -> None:
    """It would have no end."""
    for text in ("clouds: &a {b: *a}", "clouds: &a [*a]"):
        with pytest.raises(ConfigurationError, match="its aliases"):
            parse(text, FILE)


class _Counted(list[Any]):
    """A list that counts how often it is read."""

    reads = 0

    def __iter__(self) -> Any:
        self.reads += 1
        return super().__iter__()


def test_each_node_is_visited_once() -> None:
    """However many aliases refer to it, so the size of a bomb is known at once."""
    node: Any = yaml.ScalarNode("tag", "x")
    lists = []
    for _ in range(100):
        lists.append(_Counted([node] * 9))
        node = yaml.SequenceNode("tag", lists[-1])
    assert expanded_size(node) == sum(9**level for level in range(101))
    assert {each.reads for each in lists} == {1}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("x", 1),
        ("[]", 1),
        ("[a, b]", 3),
        ("{a: b}", 3),
        ("{a: &x [b], c: *x}", 7),
        ("{a: &x {b: c}, d: {<<: *x}}", 11),
        ("&a [*a]", inf),
    ],
)
def test_aliases_count_as_what_they_stand_for(text: str, size: float) -> None:
    """Keys and values count, and the structure around them."""
    root = yaml.compose(text)
    assert root is not None
    assert expanded_size(root) == size


@pytest.mark.parametrize(("most", "is_read"), [(7, True), (6, False)])
def test_bound_is_the_most_that_is_read(
    monkeypatch: pytest.MonkeyPatch, most: int, is_read: bool
) -> None:
    """A document of exactly so many values is read."""
    monkeypatch.setattr("ddswait.credentials.yaml_text._MOST_NODES", most)
    text = "{a: &x [b], c: *x}"
    if is_read:
        assert parse(text, FILE) == {"a": ["b"], "c": ["b"]}
        return
    with pytest.raises(ConfigurationError, match="stand for more than 6 values"):
        parse(text, FILE)


def test_shared_parts_are_read() -> None:
    """Anchors, aliases and merges are what a long clouds.yaml is written with."""
    text = "base: &b {user: u, project: '7'}\none: {<<: *b, project: 0123}\ntwo: *b\nnone: ~\n"
    base = {"user": "u", "project": "7"}
    one = {**base, "project": "0123"}
    assert parse(text, FILE) == {"base": base, "one": one, "two": base, "none": None}
    assert parse("", FILE) is None


@pytest.mark.parametrize(
    "text", ["a: \x00", "a: \x1b", "[", "a: !!int x", "*a", "a: 1\na: [", "[" * 999]
)
def test_text_that_is_no_yaml_is_an_error(text: str) -> None:
    """Whatever the parser raises, and wherever it does."""
    with pytest.raises(ConfigurationError, match=r"clouds\.yaml is not valid YAML"):
        parse(text, FILE)
