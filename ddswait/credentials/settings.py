"""Where things are, of all that says so: region, IAM, DDS, project, CA file. Pure.

What was given comes first, then what the source of the credentials says itself, and only then
what other variables say: a password of one cloud is never sent to the IAM of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.iam import root_of
from ddswait.credentials.source import Own, Place, Said
from ddswait.service.endpoints import check_endpoint, check_region, endpoint_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SDK_IAM = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
_PROJECT_IDS = ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID")


class Given(NamedTuple):
    """What the caller said; "" for what is to be looked for.

    Attributes:
        endpoint: of DDS.
        project_id: of the jobs.
        region: its name.
        iam_endpoint: of IAM.
        ca_file: whose certificates to trust.
        cloud: a cloud's name in clouds.yaml.
        source: `metadata` to take the keys of this ECS, whatever else there is; `auto` is "".
        insecure_http: accept endpoints beyond this machine that are not https.
    """

    endpoint: str = ""
    project_id: str = ""
    region: str = ""
    iam_endpoint: str = ""
    ca_file: str = ""
    cloud: str = ""
    source: str = ""
    insecure_http: bool = False


def variable(env: Mapping[str, str], name: str) -> Said:
    """Return what a variable says."""
    return Said(env.get(name) or "", name)


def _first(*said: Said) -> Said:
    return next(filter(None, said), Said())


def region_of(
    env: Mapping[str, str],
    given: Given = Given(),  # noqa: B008 - frozen
    own: Own = Own(),  # noqa: B008 - frozen
) -> Said:
    """Return the region's name.

    Args:
        env: the variables.
        given: what the caller said.
        own: what the source of the credentials says.

    Raises:
        ConfigurationError: it cannot be one; the message names who said it.
    """
    said = _first(
        Said(given.region, "--region"),
        own.region,
        variable(env, "HW_REGION_NAME"),
        variable(env, "OS_REGION_NAME"),
    )
    if said:
        check_region(*said)
    return said


def dds_of(env: Mapping[str, str], given: Given, own: Own, region: Said) -> Said:
    """Return the endpoint of DDS; empty when nothing leads to one.

    Raises:
        ConfigurationError: it is unusable; the message names who said it.
    """
    said = _first(
        Said(given.endpoint, "--endpoint"),
        own.endpoint if given.cloud else Said(),
        Said() if given.region else _first(variable(env, "DDSWAIT_ENDPOINT"), own.endpoint),
    )
    said = said or made("dds", region, env)
    if said:
        check_endpoint(said.text, source=said.source, insecure_http=given.insecure_http)
    return said


def iam_of(env: Mapping[str, str], given: Given, own: Own, region: Said) -> str:
    """Return the endpoint of IAM, without a version; "" when nothing leads to one.

    Raises:
        ConfigurationError: it is unusable; the message names who said it.
    """
    said = _first(
        Said(given.iam_endpoint, "--iam-endpoint"), own.iam_endpoint, variable(env, SDK_IAM)
    )
    text, source = said or made("iam", region, env)
    if not text:
        return ""
    check_endpoint(text, source=source, service="iam", insecure_http=given.insecure_http)
    return root_of(text)


def place_of(env: Mapping[str, str], given: Given, own: Own) -> Place:
    """Return where a password is good for.

    Raises:
        ConfigurationError: what leads there is unusable.
    """
    region = region_of(env, given, own)
    where = iam_of(env, given, own, region)
    name = own.project_name or region.text
    return Place(where, name, given.project_id or own.project_id)


def project_of(env: Mapping[str, str]) -> str:
    """Return the project ID that the environment names on its own, or ""."""
    return next((env[name] for name in _PROJECT_IDS if env.get(name)), "")


def project_name_of(env: Mapping[str, str], own: Own, region: Said) -> str:
    """Return the name by which to look the project up, or ""; a region's is named like it."""
    named = (own.project_name, env.get("HW_PROJECT_NAME"), env.get("OS_PROJECT_NAME"))
    return next(filter(None, named), region.text)


def ca_file_of(env: Mapping[str, str], given: Given, own: Own) -> str:
    """Return the file of the certificates to trust, or ""."""
    named = own.ca_file if given.cloud else ""
    return given.ca_file or named or env.get("OS_CACERT") or own.ca_file


def made(service: str, region: Said, env: Mapping[str, str]) -> Said:
    """Return the endpoint of a service: an override of the environment, or the region's own.

    Args:
        service: `dds` or `iam`.
        region: its name; empty makes nothing.
        env: `HUAWEICLOUD_SDK_REGION_DDS_CN_NORTH_4` overrides the endpoint of DDS in cn-north-4;
            `HW_CLOUD` names another cloud's domain.

    Raises:
        ConfigurationError: the region's or the cloud's name cannot be one.
    """
    if not region:
        return Said()
    suffix = region.text.replace("-", "_").upper()
    override = variable(env, f"HUAWEICLOUD_SDK_REGION_{service.upper()}_{suffix}")
    return override or Said(
        endpoint_of(service, region.text, env.get("HW_CLOUD", "")), region.source
    )
