"""ddswait.service.iam_urls: where tokens and projects are requested."""

import pytest

from ddswait.service.endpoints import without_version
from ddswait.service.iam_urls import projects_url, token_url

IAM = "https://iam.cn-north-4.myhuaweicloud.com"


@pytest.mark.parametrize("end", ["", "/", "/v3", "/v3/", "//v3//"])
def test_version_at_the_end_is_not_repeated(end: str) -> None:
    """The Keystone URLs that users keep end in the version, which every request adds."""
    assert without_version(IAM + end) == IAM
    assert token_url(IAM + end) == f"{IAM}/v3/auth/tokens?nocatalog=true"
    assert projects_url(IAM + end) == f"{IAM}/v3/projects"


@pytest.mark.parametrize("endpoint", [f"{IAM}/X", f"{IAM}/v2", f"{IAM}/v3/identity"])
def test_path_of_the_endpoint_stays(endpoint: str) -> None:
    """Only the version at the end goes: a path that a gateway adds is part of the endpoint."""
    assert without_version(endpoint) == endpoint


@pytest.mark.parametrize("endpoint", ["https://v3", "https://v3:443", "https://v3.example"])
def test_host_may_be_called_as_the_version(endpoint: str) -> None:
    """Only the path is changed."""
    assert without_version(endpoint) == endpoint
    assert without_version(f"{endpoint}/v3/") == endpoint
    assert token_url(endpoint) == f"{endpoint}/v3/auth/tokens?nocatalog=true"


def test_name_of_a_project_is_escaped_as_it_is_signed() -> None:
    """A name is one value of the query, whatever it contains; a tilde stays, as signatures say."""
    assert projects_url(IAM, "cn-north-4") == f"{IAM}/v3/projects?name=cn-north-4"
    assert projects_url(IAM, "a/b&c~X").endswith("?name=a%2Fb%26c~X")
