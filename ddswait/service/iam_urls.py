"""The URLs of requests to IAM.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication" and
"Querying Project Information".
"""

from __future__ import annotations

from urllib.parse import quote

from ddswait.service.endpoints import without_version


def token_url(iam_endpoint: str) -> str:
    """Return the URL that tokens are obtained from, without the catalogue of services."""
    return f"{without_version(iam_endpoint)}/v3/auth/tokens?nocatalog=true"


def projects_url(iam_endpoint: str, name: str = "") -> str:
    """Return the URL that lists the projects, or those with a name."""
    url = f"{without_version(iam_endpoint)}/v3/projects"
    return f"{url}?name={quote(name, safe='~')}" if name else url
