"""Reads YAML whose values stay text, and whose aliases do not blow it up."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    import yaml

_RESOLVED_TAGS = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
_MOST_NODES = 100_000  # values, each alias counted as what it stands for


def parse(text: str, path: Path) -> object:
    """Return a YAML document in which every scalar is text or None.

    YAML would read the password 0123456 as the octal number 42798 and `no` as False, and would
    fail on 2024-13-45 as a date.

    Args:
        text: the document.
        path: of the file that it comes from, for messages.

    Raises:
        ConfigurationError: PyYAML is not installed, the text is not YAML, or its aliases stand
            for more than a configuration holds. The message repeats nothing of the text, which
            may contain a secret.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            f"{path} cannot be read without PyYAML: pip install 'ddswait[yaml]'"
        ) from None
    try:
        return _load(_loader(yaml.SafeLoader), text)
    except _TooManyValuesError:
        raise ConfigurationError(
            f"{path}: its aliases (*NAME) stand for more than {_MOST_NODES} values: write out "
            "what the clouds need"
        ) from None
    except Exception as error:  # noqa: BLE001 - PyYAML lets the errors of int() and others through
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise ConfigurationError(f"{path} is not valid YAML{line}: correct the file") from None


class _TooManyValuesError(Exception):
    """Aliases stand for more values than a configuration holds."""


def _load(loader_type: type[yaml.SafeLoader], text: str) -> object:
    loader = loader_type(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        # Merges (`<<:`) copy what aliases stand for, so the size is checked before them.
        if expanded_size(root) > _MOST_NODES:
            raise _TooManyValuesError
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _loader(base: type[yaml.SafeLoader]) -> type[yaml.SafeLoader]:
    class TextLoader(base):  # type: ignore[valid-type, misc]
        yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above declares it
            first: [(tag, pattern) for tag, pattern in resolvers if tag in _RESOLVED_TAGS]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

    return TextLoader


def expanded_size(root: yaml.Node) -> float:
    """Return how many nodes a tree has if each alias is counted as what it stands for.

    Each node is visited once, however often it is referred to.

    Returns:
        The number; inf for a node that contains itself.
    """
    sizes: dict[int, float] = {}

    def size(node: yaml.Node) -> float:
        known = sizes.get(id(node))
        if known is None:
            sizes[id(node)] = inf  # while it is being counted: a reference to it is a cycle
            known = sizes[id(node)] = 1 + sum(map(size, _children(node)))
        return known

    return size(root)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node.value, list):
        return []
    # A mapping holds pairs of nodes, a sequence holds nodes.
    return [part for each in node.value for part in (each if isinstance(each, tuple) else (each,))]
