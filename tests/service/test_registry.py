"""ddswait.service.registry: which service a name means; ddswait.service.instance_suffixes."""

import re
from typing import Any

import pytest

from ddswait.errors import InputError
from ddswait.service import NAMES, service_named
from ddswait.service.instance_suffixes import hint, service_of_instance
from ddswait.service.registry import (
    aliases,
    chosen_in,
    is_service,
    is_unsupported,
    service_in,
)


@pytest.mark.parametrize("name", NAMES)
def test_service_is_found_by_its_own_name(name: str) -> None:
    """The module that a row names speaks the API of that service."""
    assert service_named(name).name == name


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("gaussdb-mysql", "taurusdb"),
        ("gaussdbformysql", "taurusdb"),
        ("opengauss", "gaussdb"),
        ("gaussdb-opengauss", "gaussdb"),
        ("gaussdb-nosql", "geminidb"),
        ("nosql", "geminidb"),
        ("RDS", "rds"),
        ("GaussDB_NoSQL", "geminidb"),
    ],
)
def test_service_is_found_by_what_users_call_it(alias: str, name: str) -> None:
    """By the name of a host, a provider or a product, in capital letters as well."""
    assert service_named(alias).name == name


def test_aliases_are_no_names() -> None:
    """No alias hides a service."""
    assert not aliases().keys() & set(NAMES)
    assert set(aliases().values()) <= set(NAMES)
    assert NAMES[0] == "dds"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rdss", "unknown service 'rdss': did you mean 'rds'"),
        ("tauruSdb1", "did you mean 'taurusdb'"),
        ("open-gauss", "did you mean 'opengauss'"),
        ("", "unknown service '': use one of dds, rds, taurusdb, gaussdb, geminidb, ddm"),
        ("css", "service 'css' is not supported, since it has no job API: wait for the status"),
        ("VPC", "service 'VPC' is not supported, since it has no job API"),
        ("ecs", "service 'ecs' is not supported, since its job API is of another kind: use one"),
        ("x" * 99, "unknown service 'xxx.*[.]{3}: use one of"),
        ("\x1b[2J", r"unknown service '\\x1b"),
        (7, "a service is text, not int"),
        (None, "a service is text, not NoneType"),
    ],
)
def test_unknown_service_is_explained(name: Any, message: str) -> None:
    """The message quotes the name, suggests one, or says why the service cannot be waited for."""
    with pytest.raises(InputError, match=message):
        service_named(name)


@pytest.mark.parametrize(
    ("env", "explicit", "chosen"),
    [
        ({}, "", ""),
        ({"DDSWAIT_SERVICE": ""}, "", ""),
        ({"DDSWAIT_SERVICE": "OpenGauss"}, "", "gaussdb"),
        ({"DDSWAIT_SERVICE": "gaussdb"}, "RDS", "rds"),
        ({"DDSWAIT_SERVICE": "nope"}, "rds", "rds"),
    ],
)
def test_caller_chooses_before_the_variable(
    env: dict[str, str], explicit: str, chosen: str
) -> None:
    """Without either, no service is chosen, and it is DDS."""
    assert chosen_in(env, explicit) == chosen
    assert service_in(env, explicit) == (chosen or "dds")
    assert chosen_in({}) == ""
    assert service_in({}) == "dds"


def test_variable_is_named_in_the_message() -> None:
    """The user does not search the arguments for a service that a variable sets."""
    with pytest.raises(InputError, match=r"^DDSWAIT_SERVICE: unknown service 'nope'"):
        service_in({"DDSWAIT_SERVICE": "nope"})
    with pytest.raises(InputError, match=r"^unknown service 'nope'"):
        service_in({}, "nope")


@pytest.mark.parametrize("name", ["ecs", "VPC", "css", "sfs_turbo"])
def test_service_without_such_jobs_is_known_by_name(name: str) -> None:
    """It is neither one that can be waited for, nor just a word."""
    assert is_unsupported(name)
    assert not is_service(name)
    assert not is_unsupported("dds")
    assert not is_unsupported("label")


def test_long_name_is_cut_in_the_message() -> None:
    """A quoted name of up to 60 characters is shown whole."""
    for length, shown in ((58, f"'{'x' * 58}': use"), (59, f"'{'x' * 59}...: use")):
        with pytest.raises(InputError, match=re.escape(f"unknown service {shown}")):
            service_named("x" * length)


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        ("in01", "rds"),
        ("in02", "dds"),
        ("in03", "rds"),
        ("in04", "rds"),
        ("in06", "geminidb"),
        ("in07", "taurusdb"),
        ("in09", "ddm"),
        ("in10", "geminidb"),
        ("in12", "geminidb"),
        ("in13", "geminidb"),
        ("in14", "gaussdb"),
        ("IN14", "gaussdb"),
        ("in05", ""),
        ("no02", ""),
        ("gr02", ""),
        ("", ""),
        ("in021", ""),
    ],
)
def test_end_of_an_instance_id_tells_the_service(suffix: str, name: str) -> None:
    """Only whole IDs of instances count: nodes and groups have other letters."""
    assert service_of_instance("0123456789abcdef" * 2 + suffix) == name
    assert service_of_instance("123456789abcdef" * 2 + suffix) == ""


def test_instance_of_another_service_gets_a_hint() -> None:
    """Of another service only: nothing is said where the ID tells nothing, or agrees."""
    instance_id = "0123456789abcdef" * 2
    assert hint(f"{instance_id}in01", "dds") == (
        "its ID is like that of an instance of rds: ask rds for it"
    )
    assert hint(f"{instance_id}in02", "dds") == hint(f"{instance_id}in05", "dds") == ""
