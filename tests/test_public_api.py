"""docs/public-api.md: exactly these names are public."""

import ast
import importlib
import inspect
import pydoc
import re
import sys
from pathlib import Path

import pytest

import ddswait
from ddswait.discovery import EnvSettings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "public-api.md").read_text()
DOCUMENTED = {
    module: re.findall(r"^- `(\w+)`$", section, re.MULTILINE)
    for module, section in re.findall(
        r"^## `([\w.]+)`\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
}


def defines_all(path: Path) -> bool:
    return any(
        isinstance(statement, ast.Assign)
        and any(isinstance(each, ast.Name) and each.id == "__all__" for each in statement.targets)
        for statement in ast.parse(path.read_text()).body
    )


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


NEEDS_AIRFLOW = "ddswait.airflow"  # tests/airflow/test_provider.py imports it


def names_of(module: str) -> list[str]:
    if module != NEEDS_AIRFLOW:
        return list(importlib.import_module(module).__all__)
    source = (ROOT / "ddswait" / "airflow" / "__init__.py").read_text()
    return re.findall(r'"(\w+)"', source.partition("__all__ = ")[2].partition("\n")[0])


@pytest.mark.parametrize("module", DOCUMENTED)
def test_documented_names_are_the_public_names(module: str) -> None:
    """The page lists exactly the `__all__` of the module, in alphabetical order."""
    names = names_of(module)
    assert DOCUMENTED[module] == sorted(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("module", sorted(set(DOCUMENTED) - {NEEDS_AIRFLOW}))
def test_public_names_exist(module: str) -> None:
    """Each public name can be imported, and each class and function has a docstring."""
    loaded = importlib.import_module(module)
    for name in loaded.__all__:
        value = getattr(loaded, name)
        if callable(value):
            assert value.__doc__, name


def test_only_public_modules_have_a_list_of_names() -> None:
    """Every `__all__` of the package is in the page, so the page is complete."""
    files = (ROOT / "ddswait").rglob("*.py")
    assert {module_of(path) for path in files if defines_all(path)} == set(DOCUMENTED)


def test_help_of_the_waiter_shows_its_public_face_only() -> None:
    """No name in it is private, and each setting of from_env() has a type."""
    text = pydoc.plain(pydoc.render_doc(ddswait.Waiter))
    shown = re.findall(r"^ \|  (?:async )?(\w+)\(", text, re.MULTILINE)
    assert {name for name in shown if name.startswith("_") and not name.endswith("__")} == set()
    assert {name for name in shown if not name.startswith("_")} == {
        "Waiter",
        "as_completed",
        "close",
        "events",
        "from_env",
        "from_env_async",
        "pending",
        "status",
        "track",
        "track_all",
        "track_instance",
        "wait",
        "wait_all",
        "wait_for_instance",
    }
    assert "'Any'" not in text


def test_from_env_takes_every_setting_of_the_waiter() -> None:
    """All but `auth_source`, which it finds itself; and what it looks for."""
    settings = EnvSettings.__optional_keys__
    parameters = set(inspect.signature(ddswait.Waiter).parameters)
    assert parameters - settings == {"auth_source"}
    assert settings - parameters == {"region", "iam_endpoint", "cloud", "source"}


def test_airflow_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever imports the provider without Airflow reads what to install."""
    monkeypatch.setitem(sys.modules, "airflow", None)
    monkeypatch.delitem(sys.modules, NEEDS_AIRFLOW, raising=False)
    with pytest.raises(ImportError, match=r"pip install 'ddswait\[airflow\]'"):
        importlib.import_module(NEEDS_AIRFLOW)
