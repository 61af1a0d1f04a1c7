"""The parts of a configuration that every waiter needs: credentials, region, endpoint, project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.credentials.checklist import CheckItem
from ddswait.credentials.iam import Password
from ddswait.credentials.keys import AccessKey
from ddswait.credentials.metadata import EcsMetadata
from ddswait.credentials.project import ProjectByName
from ddswait.credentials.provider import is_provider
from ddswait.service import regions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.credentials.settings import Settings
    from ddswait.credentials.source import Setting, Source

_SET_REGION = "export HW_REGION_NAME=ap-southeast-1 (or yours)"
_LONGEST_SHOWN = 8  # characters of an access key that is shown in full


def configuration_items(
    env: Mapping[str, str], settings: Settings, source: Source | None, project_id: str
) -> tuple[CheckItem, ...]:
    """Return the parts of a configuration, found and missing ones.

    Args:
        env: the variables.
        settings: the settings in force.
        source: the credentials; None when no source has any.
        project_id: the ID of the project; "" when it is not set.

    Raises:
        ConfigurationError: the endpoint or the region is invalid.
    """
    region = settings.region()
    items = [
        _credentials(env, source),
        _endpoint(settings),
        _project(settings, source, project_id),
    ]
    if region:
        items.insert(1, _region(region, settings.service_endpoint()))
    return tuple(items)


def _region(region: Setting, endpoint: str) -> CheckItem:
    text = f"{region.value}, from {region.origin}"
    if regions.region_of(endpoint) != region.value or region.value in regions.REGIONS:
        return CheckItem("region", "ok", text)
    advice = regions.suggestion(region.value) or regions.CHECK_NAME
    return CheckItem("region", "warning", f"{text}, is not known to ddswait", advice)


def _credentials(env: Mapping[str, str], source: Source | None) -> CheckItem:
    if source is not None:
        return CheckItem("credentials", "ok", f"{source.name} ({_kind(source.auth)})")
    return CheckItem(
        "credentials",
        "missing",
        f"none in the variables HUAWEICLOUD_SDK_*, HW_* and OS_*, in {_file(env)}, or at the "
        f"metadata service of an ECS ({_metadata(env)})",
        "export HW_ACCESS_KEY=... HW_SECRET_KEY=...",
    )


def _file(env: Mapping[str, str]) -> str:
    return f"{env.get('HOME') or '~'}/.huaweicloud/credentials"


def _metadata(env: Mapping[str, str]) -> str:
    return "DDSWAIT_METADATA=off" if env.get("DDSWAIT_METADATA") == "off" else "no reply"


def _endpoint(settings: Settings) -> CheckItem:
    if endpoint := settings.service_endpoint():
        return CheckItem("endpoint", "ok", f"{endpoint}, from {settings.endpoint_origin()}")
    return CheckItem(
        "endpoint",
        "missing",
        "none of --region, HW_REGION_NAME, OS_REGION_NAME, --endpoint and DDSWAIT_ENDPOINT is set",
        _SET_REGION,
    )


def _project(settings: Settings, source: Source | None, project_id: str) -> CheckItem:
    if project_id:
        return CheckItem("project", "ok", project_id)
    # Without credentials, a region is what they would need to look up its project.
    if source is None and settings.region():
        return CheckItem("project", "ok", f"{settings.project_name()!r}, whose ID is looked up")
    if source is not None and _provides_project(source.auth):
        return CheckItem("project", "ok", "that of the credentials, or looked up by its name")
    return CheckItem(
        "project",
        "missing",
        "none of --project-id, HW_PROJECT_ID, HUAWEICLOUD_SDK_PROJECT_ID and OS_PROJECT_ID is "
        "set, and without a region it cannot be looked up by its name",
        "set the region as above"
        if not settings.service_endpoint()
        else "export HW_PROJECT_ID=...",
    )


def _provides_project(auth: Key | CredentialProvider) -> bool:
    """Whether leases of these credentials may name their project."""
    return is_provider(auth) and not isinstance(auth, EcsMetadata)


def _kind(auth: Key | CredentialProvider) -> str:
    """Return what kind of credentials they are, without a secret."""
    match auth:
        case ProjectByName():
            return f"{_kind(auth.auth)}, project {auth.name!r} looked up"
        case Password():
            return f"user {auth.user}"
        case AccessKey():
            name = auth.access_key
            return f"{name[:4]}...{name[-2:]}" if len(name) > _LONGEST_SHOWN else name
        case EcsMetadata():
            return "temporary keys"
        case _:
            return "a provider" if is_provider(auth) else "a token"
