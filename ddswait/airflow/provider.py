"""What Airflow shows of this provider: its classes, and the form of its connections."""

from __future__ import annotations

from typing import Any

from ddswait.version import __version__

CONNECTION_TYPE = "ddswait"
_HOOK = "ddswait.airflow.hook.DdsHook"


def get_provider_info() -> dict[str, Any]:
    """Return what the entry point `apache_airflow_provider` promises.

    Airflow encrypts the password and the extra fields of a connection.
    """
    return {
        "package-name": "ddswait",
        "name": "ddswait",
        "description": "Waits for asynchronous jobs of Huawei Cloud DDS.",
        "versions": [__version__],
        "integrations": [{"integration-name": "Huawei Cloud DDS", "tags": ["service"]}],
        "hooks": [{"integration-name": "Huawei Cloud DDS", "python-modules": [_module("hook")]}],
        "sensors": [
            {"integration-name": "Huawei Cloud DDS", "python-modules": [_module("sensor")]}
        ],
        "triggers": [
            {"integration-name": "Huawei Cloud DDS", "python-modules": [_module("trigger")]}
        ],
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": _HOOK,
                "hook-name": "Huawei Cloud DDS (ddswait)",
                "conn-fields": {
                    "region": _text("Region", "such as ap-southeast-1; without an endpoint"),
                    "project_id": _text("Project ID", "of the jobs"),
                    "token": _secret("Token", "in place of AK and SK"),
                    "security_token": _secret("Security token", "of a temporary AK and SK"),
                    "rate": _text("Rate", "requests per time, such as 10/s or 200/5m"),
                },
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {
                        "host": "Endpoint",
                        "login": "Access key (AK)",
                        "password": "Secret key (SK)",
                    },
                    "placeholders": {"host": "https://dds.ap-southeast-1.myhuaweicloud.com"},
                },
            }
        ],
    }


def _module(name: str) -> str:
    return f"ddswait.airflow.{name}"


def _text(label: str, description: str, **schema: str) -> dict[str, Any]:
    field = {"type": ["string", "null"], **schema}
    return {"label": label, "description": description, "schema": field}


def _secret(label: str, description: str) -> dict[str, Any]:
    return _text(label, description, format="password")
