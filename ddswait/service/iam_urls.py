"""The URLs of requests to IAM.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication" and
"Querying Project Information".
"""

from __future__ import annotations

from urllib.parse import quote


def without_version(iam_endpoint: str) -> str:
    """Return an IAM endpoint without a version at its end.

    The Keystone URLs that users keep end in the version, which every request adds anyway.
    """
    return iam_endpoint.rstrip("/").removesuffix("/v3").rstrip("/")


def token_url(iam_endpoint: str) -> str:
    """Return the URL that tokens are obtained from, without the catalogue of services."""
    return f"{without_version(iam_endpoint)}/v3/auth/tokens?nocatalog=true"


def projects_url(iam_endpoint: str, name: str = "") -> str:
    """Return the URL that lists the projects, or those with a name."""
    url = f"{without_version(iam_endpoint)}/v3/projects"
    return f"{url}?name={quote(name, safe='~')}" if name else url
