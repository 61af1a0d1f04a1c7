"""ddswait.service.job_ids: what can be the ID of a job, an instance or a project."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.errors import ConfigurationError, InputError
from ddswait.service.job_ids import (
    check_instance_id,
    check_job_id,
    check_project_id,
    instance_of,
    service_before,
    split_job_ids,
)


@pytest.mark.parametrize(
    ("job_id", "named"),
    [
        ("", "empty"),
        ("a b", "'a b'"),
        ("a\n", r"'a\\n'"),
        ("\x1b[2J", r"\\x1b"),
        ("\u00a0", "white space"),
        ("x" * 257, "257 characters"),
        (None, "NoneType"),
    ],
)
def test_ids_that_cannot_be_one(job_id: Any, named: str) -> None:
    """An empty ID, white space and control characters are refused, safely shown."""
    with pytest.raises(InputError) as caught:
        check_job_id(job_id)
    assert named.replace(r"\\", "\\") in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text("aZ0-_. \n\u00e9\u00a0$<,'%", min_size=36, max_size=36))
def test_id_of_the_documented_length_is_checked_as_any_other(job_id: str) -> None:
    """It is valid if, and only if, it is with one more letter; so is a documented one."""

    def is_valid(text: str) -> bool:
        try:
            return check_job_id(text) == text
        except InputError:
            return False

    assert is_valid(job_id) == is_valid(f"{job_id}x")
    for position in (0, 17, 35):
        one_wrong = f"{DOCUMENTED[:position]}{job_id}"[:36]
        assert is_valid(one_wrong) == is_valid(f"{one_wrong}x")


DOCUMENTED = "a9767ede-fe0f-4888-9003-c7bc51da9d5b"
MISSING = ["null", "None", "NIL", "undefined", "NaN"]
PLACEHOLDERS = [
    ("$X", "'$'"),
    ("${X}", "'$'"),
    ("id-$X", "'$'"),
    ("$(ddswait --version)", "'$'"),
    ("`x`", "'`'"),
    ("<x>", "'<'"),
    ("x>", "'>'"),
    ("<no value>", "'<'"),
    ("{{ x }}", "'{'"),
    ("x}", "'}'"),
    ("(null)", "'('"),
    ("null)", "')'"),
    ("%X%", "'%X%'"),
    ('["a"', "'['"),
    ("a]", "']'"),
    ("a,b", "','"),
    ("a;b", "';'"),
    ("'a", '"\'"'),
    ('a"', "'\"'"),
]


@pytest.mark.parametrize("job_id", MISSING)
def test_word_for_a_missing_value_is_no_id(job_id: str) -> None:
    """What programs print for a missing value, in any case, is refused with its cause."""
    with pytest.raises(InputError) as caught:
        check_job_id(job_id)
    assert str(caught.value) == (
        f"job ID '{job_id}' stands for a missing value: check that the operation has started a "
        "job, and use the job_id of its reply"
    )


@pytest.mark.parametrize(("job_id", "found"), PLACEHOLDERS)
def test_placeholder_is_no_id(job_id: str, found: str) -> None:
    """A variable or a placeholder without its value, a list and a quote are refused."""
    with pytest.raises(InputError) as caught:
        check_job_id(job_id)
    assert str(caught.value) == (
        f"job ID {job_id!a} contains {found}: give the job_id alone, and check that every "
        "variable and placeholder has its value"
    )


@pytest.mark.parametrize("job_id", ["nullable", "x-none", "50%", "%", "a%%", "a:b/c=d"])
def test_word_inside_an_id_is_no_placeholder(job_id: str) -> None:
    """Only what cannot be an ID is refused."""
    assert check_job_id(job_id) == job_id


def test_id_comes_back_as_it_is() -> None:
    """A usable ID is returned."""
    assert check_job_id("c010abd0-48cf") == "c010abd0-48cf"


@pytest.mark.parametrize("project_id", ["", "a/b", "a b", "x" * 65, "ü"])
def test_bad_project_ids_are_named(project_id: str) -> None:
    """A project ID is 32 hex digits, and never something that changes the path."""
    with pytest.raises(ConfigurationError, match="project ID"):
        check_project_id(project_id)


@pytest.mark.parametrize(
    ("job_id", "message"),
    [
        (
            "5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02",
            (
                "'5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02' is the ID of an instance, not of a job: "
                "use the job_id of the reply that started the job; without a job, use "
                "wait_for_instance('5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02')"
            ),
        ),
        (
            "5F2B7CD0A1E94C3C8D1E6F7A8B9C0D1ENO01",
            (
                "'5F2B7CD0A1E94C3C8D1E6F7A8B9C0D1ENO01' is the ID of a node of an instance, not "
                "of a job: use the job_id of the reply that started the job"
            ),
        ),
        (
            "CS2401161234ABCDE",
            (
                "'CS2401161234ABCDE' is the ID of an order, which has no job: use "
                "wait_for_instance('ID') with the ID of the instance, which is in the same reply"
            ),
        ),
        (
            "cs240116",
            (
                "'cs240116' is the ID of an order, which has no job: use wait_for_instance('ID') "
                "with the ID of the instance, which is in the same reply"
            ),
        ),
        (
            "rds:x",
            "job ID 'rds:x' begins with a service: give 'x' alone, to a Waiter(service='rds')",
        ),
        (
            "NoSQL=x",
            (
                "job ID 'NoSQL=x' begins with a service: give 'x' alone, to a "
                "Waiter(service='geminidb')"
            ),
        ),
        ("rds=", "the job ID is empty: use the job_id of the reply that started the job"),
        (
            f"a=b:{DOCUMENTED}",
            f"job ID 'a=b:{DOCUMENTED}' has 'a=b:' before the ID: give '{DOCUMENTED}' alone",
        ),
        (
            "Error:",
            (
                "job ID 'Error:' is a word of a command that failed: check that the operation has "
                "started a job, and use the job_id of its reply"
            ),
        ),
    ],
)
def test_id_of_something_else_is_recognised(job_id: str, message: str) -> None:
    """So is what stands before a job ID, and an order that was cut or typed in small letters."""
    with pytest.raises(InputError) as caught:
        check_job_id(job_id)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "job_id",
    ["in02", f"{'a' * 31}in02", f"{'a' * 32}xx02", "CS24", "CS24011x", "errors", "error-1", "a:b"],
)
def test_id_that_only_resembles_another_kind_is_accepted(job_id: str) -> None:
    """Only what is certainly not the ID of a job is refused."""
    assert check_job_id(job_id) == job_id


def test_instance_after_a_service_is_recognised() -> None:
    """The message says how the caller waits for it, as without the service."""
    with pytest.raises(InputError, match="without a job, use --instance 5f2b7cd0a1e94c3c8d1e6"):
        check_job_id("rds:5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein01", instead="--instance {}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rds:x", ("rds", "x")),
        ("OpenGauss=x", ("gaussdb", "x")),
        ("label:x", ("", "")),
        ("x", ("", "")),
    ],
)
def test_service_before_an_id(text: str, found: tuple[str, str]) -> None:
    """The service by its own name, and the ID; a label is no service."""
    assert service_before(text) == found


def test_key_names_a_job_or_an_instance() -> None:
    """The key of a job is its ID, even if it ends as the key of an instance begins."""
    assert instance_of("instance:i1") == "i1"
    assert instance_of("instance:instance:") == "instance:"
    assert instance_of("x") == instance_of("xinstance:") == ""


def test_job_ids_are_split_at_commas() -> None:
    """White space around each goes; an ID that stands alone is left as it is."""
    assert split_job_ids("a, b ,c") == ["a", "b", "c"]
    assert split_job_ids(" a ") == [" a "]


WHITE = (
    " contains white space or a control character: give each job ID alone, without quotes or line "
    "ends"
)


@pytest.mark.parametrize(
    ("job_id", "message"),
    [
        ("", "the job ID is empty: use the job_id of the reply that started the job"),
        (7, "a job ID is text, not int: 7"),
        (["x" * 70], f"a job ID is text, not list: ['{'x' * 58}..."),
        (
            "y" * 257,
            f"job ID '{'y' * 59}... has 257 characters, more than 256: give the job_id alone",
        ),
        ("a b", f"job ID 'a b'{WHITE}"),
        ("z" * 56 + "\n", f"job ID '{'z' * 56}\\n'{WHITE}"),
        ("z" * 57 + "\n", f"job ID '{'z' * 57}\\n...{WHITE}"),
    ],
)
def test_message_says_what_is_wrong_and_what_to_do(job_id: Any, message: str) -> None:
    """The ID is quoted, up to 60 characters of it, and the message says what to give instead."""
    with pytest.raises(InputError) as caught:
        check_job_id(job_id)
    assert str(caught.value) == message


def test_longest_ids_are_accepted() -> None:
    """256 characters of a job ID and 64 of an instance or project ID are not too many."""
    assert check_instance_id("i" * 64) == "i" * 64
    assert check_job_id("x" * 256) == "x" * 256
    assert check_project_id("p" * 64) == "p" * 64


def test_message_says_where_the_project_id_is_found() -> None:
    """A wrong project ID is quoted, up to 60 characters of it."""
    with pytest.raises(ConfigurationError) as caught:
        check_project_id("p" * 65)
    assert str(caught.value) == (
        f"invalid project ID '{'p' * 60}': use the 32 hexadecimal digits under 'My Credentials' "
        "in the console"
    )


@pytest.mark.parametrize(
    ("instance_id", "shown"),
    [("", "''"), ("a/b", "'a/b'"), ("\u00fc", r"'\xfc'"), ("i" * 65, f"'{'i' * 59}...")],
)
def test_message_says_where_the_instance_id_is_found(instance_id: str, shown: str) -> None:
    """A wrong instance ID is quoted, up to 60 characters of it."""
    with pytest.raises(InputError) as caught:
        check_instance_id(instance_id)
    assert str(caught.value) == (
        f"invalid instance ID {shown}: use the ID of the instance in the console or in a reply, "
        "such as 5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02"
    )


def test_instance_id_is_text() -> None:
    """A value of another type is refused by the name of its type."""
    number: Any = 7
    with pytest.raises(InputError) as caught:
        check_instance_id(number)
    assert str(caught.value) == "an instance ID is text, not int: 7"
