"""ddswait.cli.json_jobs: the jobs in JSON documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ddswait.cli.named import Named
from ddswait.cli.stdin_text import from_text
from ddswait.errors import InputError

ID = "a9767ede-fe0f-4888-9003-c7bc51da9d5b"


def output(value: Any) -> dict[str, Any]:
    return {"sensitive": False, "type": "string", "value": value}


@pytest.mark.parametrize(
    ("document", "jobs"),
    [
        (["a", "b"], [Named("a"), Named("b")]),
        ({"jobId": "a"}, [Named("a")]),
        ({"jobId": "a", "name": "orders"}, [Named("a", "orders")]),
        ({"data": [{"JobID": "a"}, {"job_id": "b"}]}, [Named("a"), Named("b")]),
        ({"job_ids": ["a", "b"]}, [Named("a"), Named("b")]),
        ({"jobIds": {"orders": "a", "x,y": "b"}}, [Named("a", "orders"), Named("b")]),
        ({"job_id": None, "job_ids": ["a", None]}, [Named("a")]),
        ({"workflowId": "a"}, [Named("a")]),
        (
            {"workflow_id": "0b9a7d5c3e1f42869acfe07d1b3c5e72"},
            [Named("0b9a7d5c3e1f42869acfe07d1b3c5e72")],
        ),
        ({"job_id": "a,b"}, [Named("a"), Named("b")]),
        ({"job_id": "a, b", "name": "shop"}, [Named("a", "shop-1"), Named("b", "shop-2")]),
        ({"job_ids": ["a,b", "c"]}, [Named("a"), Named("b"), Named("c")]),
        (["a,b"], [Named("a"), Named("b")]),
        ({"job_ids": {"x": "a,b"}}, [Named("a", "x-1"), Named("b", "x-2")]),
    ],
)
def test_job_ids_are_found_in_each_spelling(document: object, jobs: list[Named]) -> None:
    """One or several, in a list, joined by commas or with labels; what is null is left out."""
    assert from_text(json.dumps(document)).jobs == jobs


@pytest.mark.parametrize(
    ("outputs", "jobs"),
    [
        ({"job_id": output("a")}, [Named("a")]),
        ({"shop_workflow_id": output("a")}, ["shop=a"]),
        ({"orders_job_id": output("a"), "stock-jobid": output("b")}, ["orders=a", "stock=b"]),
        ({"job_id": output("a"), "vpc_id": output("v")}, [Named("a")]),
        ({"job_ids": output(["a", "b"])}, [Named("a"), Named("b")]),
        ({"job_ids": output({"orders": "a", "stock": "b"})}, ["orders=a", "stock=b"]),
    ],
)
def test_outputs_of_terraform_are_read(outputs: object, jobs: list[Named | str]) -> None:
    """Those count that are named as one of job IDs; what stands before is the label."""
    named = [Named(*reversed(each.split("="))) if isinstance(each, str) else each for each in jobs]
    assert from_text(json.dumps(outputs)).jobs == named


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            {"vpc_id": output("v"), "job": output("a")},
            (
                "standard input, JSON document 1: of the outputs of Terraform, 'vpc_id', 'job', "
                "none has a name that ends in job_id or job_ids: rename the one with the job ID, "
                "or pipe its value with terraform output -raw NAME"
            ),
        ),
        (
            {"job_id": output(None)},
            (
                "standard input, JSON document 1: the output 'job_id' of Terraform has no job ID: "
                "its value is null; check that the operation has started a job"
            ),
        ),
    ],
)
def test_outputs_of_terraform_without_a_job_are_explained(outputs: object, message: str) -> None:
    """The message names the outputs, and says what to do."""
    with pytest.raises(InputError) as caught:
        from_text(json.dumps(outputs))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "document",
    [
        ["a" * 32 + "in02"],
        {"job_id": "a" * 32 + "in02"},
        {"job_ids": ["x", "null"]},
        {"orders_job_id": output("$ID")},
    ],
)
def test_what_is_no_job_id_is_refused_wherever_it_stands(document: object) -> None:
    """Each ID is checked as an argument is."""
    with pytest.raises(InputError, match="standard input, JSON document 1: "):
        from_text(json.dumps(document))


@pytest.mark.parametrize(
    "document",
    [
        ["x", "nosql:x"],
        {"job_id": "nosql:x"},
        {"job_ids": {"orders": "nosql:x"}},
        {"orders_job_id": output("nosql:x")},
    ],
)
@pytest.mark.parametrize("text", ["nosql:x", "nosql=x"])
def test_service_before_an_id_is_refused_in_json(document: object, text: str) -> None:
    """DDS would be asked for a job with this whole text as its ID; other colons are no service."""
    assert from_text('["a:b", "rds"]').jobs == [Named("a:b"), Named("rds")]
    with pytest.raises(InputError) as caught:
        from_text(json.dumps(document).replace("nosql:x", text))
    assert str(caught.value) == (
        f"standard input, JSON document 1: job ID '{text}' begins with a service, which only "
        "arguments and lines can name: give the job_id alone, and the service with --service "
        "geminidb"
    )


@pytest.mark.parametrize(
    "document",
    [{"job_ids": [f"x={ID}"]}, [f"x={ID}"], {"job_ids": {"orders": f"x={ID}"}}],
)
def test_label_before_an_id_is_refused_in_json(document: object) -> None:
    """DDS would be asked for a job with this whole text as its ID."""
    with pytest.raises(InputError, match=f"job ID 'x={ID}' has 'x=' before the ID: give '{ID}'"):
        from_text(json.dumps(document))


@pytest.mark.parametrize(
    "document", [[], [None], {}, {"job_id": None}, {"id": "a"}, ["a", 1], {"job": "a"}]
)
def test_json_without_a_job_id_is_quoted(document: object) -> None:
    """Any other string may be the ID of anything; the message says what a reply looks like."""
    text = json.dumps(document)
    with pytest.raises(InputError) as caught:
        from_text(text)
    assert str(caught.value) == (
        "no job_id in the JSON on standard input: the reply to an operation that starts a job "
        'looks like {"job_id": "..."}, so check that the operation was accepted; '
        f"the command before the pipe printed: {text}"
    )


@pytest.mark.parametrize("text", ["Error:", "error", "Usage:", "FATAL!"])
def test_first_word_of_a_failed_command_is_quoted(text: str) -> None:
    """A word alone can be an error message too."""
    with pytest.raises(InputError) as caught:
        from_text(text)
    assert str(caught.value).endswith(f"; the command before the pipe printed: {text}")
