"""Where credentials, region and project come from: the first complete source wins.

    1. explicit arguments: the caller's own, `--cloud NAME`, `--auth metadata`
    2. the SDK's variables, HUAWEICLOUD_SDK_*
    3. Terraform's variables, HW_*, then OS_*
    4. clouds.yaml, when OS_CLOUD names a cloud in it
    5. the SDK's profile file, ~/.huaweicloud/credentials
    6. the metadata service of the ECS that this runs on, when it answers within a second

Halves of two sources are never mixed: an AK without its SK is an error that names its variable,
not a reason to look further.

Source: the SDK's and the Terraform provider's documentation of their variables and files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait import metadata
from ddswait.endpoints import check_region, endpoint_of
from ddswait.errors import ConfigurationError
from ddswait.found import Found, Names, Place, from_pair, from_password, from_token
from ddswait.iam import ProjectByName

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoCredentials(ConfigurationError):  # noqa: N818 - said as the other errors say it
    """No source holds anything, as opposed to one that holds half."""


class Given(NamedTuple):
    """What the caller said; "" for what is to be looked for.

    Attributes:
        endpoint: of DDS.
        project_id: of the jobs.
        region: its name.
        iam_endpoint: of IAM.
        ca_file: whose certificates to trust.
        cloud: a cloud's name in clouds.yaml.
        source: `metadata` to take the keys of this ECS, whatever else there is.
    """

    endpoint: str = ""
    project_id: str = ""
    region: str = ""
    iam_endpoint: str = ""
    ca_file: str = ""
    cloud: str = ""
    source: str = ""


class Target(NamedTuple):
    """Everything that a waiter needs to know to begin; `project_id` is "" if `found` tells it."""

    endpoint: str
    project_id: str
    found: Found
    region: str = ""
    ca_file: str = ""


class _Family(NamedTuple):
    """One family of variables."""

    key: Names
    tokens: tuple[str, ...] = ()
    password: tuple[str, str, str] | None = None  # user, password, domain
    iam_endpoint: str = ""
    project_name: str = ""


_SDK_IAM = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
_METADATA = "DDSWAIT_METADATA"  # another endpoint of the metadata service, or "off"
_FAMILIES = (
    _Family(
        Names(
            "HUAWEICLOUD_SDK_AK",
            "HUAWEICLOUD_SDK_SK",
            "HUAWEICLOUD_SDK_SECURITY_TOKEN",
            "HUAWEICLOUD_SDK_PROJECT_ID",
        )
    ),
    _Family(
        Names("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"),
        ("HW_AUTH_TOKEN",),
        ("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
        "HW_AUTH_URL",
        "HW_PROJECT_NAME",
    ),
    _Family(
        Names("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN", "OS_PROJECT_ID"),
        ("OS_AUTH_TOKEN", "OS_TOKEN"),
        ("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"),
        "OS_AUTH_URL",
        "OS_PROJECT_NAME",
    ),
)


def discover(env: Mapping[str, str], given: Given = Given()) -> Found:  # noqa: B008 - frozen
    """Return the first complete credentials.

    Args:
        env: the variables; `HOME` tells where files are.
        given: what the caller said.

    Raises:
        ConfigurationError: none were found, or a source holds half of what it needs, or cannot
            be read; the message names it and the mend, and shows no secret.
    """
    if given.source == "metadata":
        return _metadata(env)
    if given.cloud:
        return _from_clouds(env, given, given.cloud)
    for family in _FAMILIES:
        if found := _from_variables(env, family, given):
            return found
    if name := env.get("OS_CLOUD"):
        return _from_clouds(env, given, name)
    from ddswait import profile  # only who has set no variable needs files

    if found := profile.find(env):
        return found
    if env.get(_METADATA) != "off" and metadata.answers(env.get(_METADATA) or metadata.ENDPOINT):
        return _metadata(env)
    raise NoCredentials(
        "credentials: set HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN, or HW_USER_NAME, "
        "HW_USER_PASSWORD and HW_DOMAIN_NAME (or the HUAWEICLOUD_SDK_ or OS_ variables), "
        "or write ~/.huaweicloud/credentials, or name a cloud of clouds.yaml by --cloud"
    )


def _from_variables(env: Mapping[str, str], family: _Family, given: Given) -> Found | None:
    key = family.key
    if found := from_pair(env.get, key, f"{key.access_key} and {key.secret_key}"):
        return found._replace(iam_endpoint=env.get(family.iam_endpoint, ""))
    for name in family.tokens:
        if token := env.get(name):
            found = from_token(token, env.get(key.project_id) or "", name)
            return found._replace(iam_endpoint=env.get(family.iam_endpoint, ""))
    return _from_password(env, family, given)


def _from_password(env: Mapping[str, str], family: _Family, given: Given) -> Found | None:
    if family.password is None or not any(env.get(name) for name in family.password[:2]):
        return None
    source = ", ".join(family.password)
    if missing := [name for name in family.password if not env.get(name)]:
        raise ConfigurationError(f"{source}: {' and '.join(missing)} not set: set all three")
    user, password, domain = (env[name] for name in family.password)
    place = _place(
        env,
        given,
        (
            env.get(family.iam_endpoint, ""),
            "",
            env.get(family.key.project_id, ""),
            env.get(family.project_name, ""),
        ),
    )
    if not place.iam_endpoint:
        raise ConfigurationError(f"{source}: set {family.iam_endpoint}, or the region, to find IAM")
    return from_password(user, password, domain, place, source)


def _from_clouds(env: Mapping[str, str], given: Given, name: str) -> Found:
    from ddswait import clouds

    return clouds.find(env, name, lambda *own: _place(env, given, own))


def _place(env: Mapping[str, str], given: Given, own: tuple[str, str, str, str]) -> Place:
    """Return where a password is good for; `own`: the source's IAM, region, project ID and name."""
    iam_endpoint, its_region, project_id, project_name = own
    region = given.region or its_region or region_of(env)
    where = _iam(env, given, region, iam_endpoint)
    return Place(where, project_name or region, given.project_id or project_id)


def _iam(env: Mapping[str, str], given: Given, region: str, own: str) -> str:
    where = given.iam_endpoint or env.get(_SDK_IAM) or own
    if not where and region:
        where = endpoint("iam", region, env)
    # Keystone's URL, as users keep it, ends in the version that every request names anyway.
    return where.rstrip("/").removesuffix("/v3")


def _metadata(env: Mapping[str, str]) -> Found:
    named = env.get(_METADATA) or "off"
    where = metadata.ENDPOINT if named == "off" else named
    return Found("the metadata service of this ECS", metadata.EcsMetadata(where))


def project_of(env: Mapping[str, str]) -> str:
    """Return the project ID that the environment names on its own, or ""."""
    named = ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID")
    return next((env[name] for name in named if env.get(name)), "")


def region_of(env: Mapping[str, str]) -> str:
    """Return the region that the environment names, or "".

    Raises:
        ConfigurationError: its name cannot be one.
    """
    region = env.get("HW_REGION_NAME") or env.get("OS_REGION_NAME") or ""
    return check_region(region) if region else ""


def endpoint(service: str, region: str, env: Mapping[str, str]) -> str:
    """Return the endpoint of a service: an override of the environment, or the region's own.

    Args:
        service: `dds` or `iam`.
        region: a region's name.
        env: `HUAWEICLOUD_SDK_REGION_DDS_CN_NORTH_4` overrides the endpoint of DDS in cn-north-4;
            `HW_CLOUD` names another cloud's domain.

    Raises:
        ConfigurationError: the region's or the cloud's name cannot be one.
    """
    suffix = check_region(region).replace("-", "_").upper()
    override = env.get(f"HUAWEICLOUD_SDK_REGION_{service.upper()}_{suffix}")
    return override or endpoint_of(service, region, env.get("HW_CLOUD", ""))


def locate(
    env: Mapping[str, str],
    given: Given = Given(),  # noqa: B008 - frozen
    found: Found | None = None,
) -> Target:
    """Return endpoint, project and credentials: what was given, else what is found.

    The project ID is that of the arguments, of the source of the credentials, or of the
    environment; else the credentials come with a look-up of the project that is named
    HW_PROJECT_NAME, OS_PROJECT_NAME or like the region.

    Args:
        env: the variables.
        given: what the caller said.
        found: the caller's own credentials; None to look for some.

    Raises:
        ConfigurationError: something is missing or unusable; all that is missing is named at
            once, with the ways to give it.
    """
    missing = []
    absent = ""
    if found is None:
        try:
            found = discover(env, given)
        except NoCredentials as error:
            absent = str(error)
    own = found or Found("", metadata.EcsMetadata())
    region = given.region or own.region or region_of(env)
    where = given.endpoint or env.get("DDSWAIT_ENDPOINT") or own.endpoint
    if not where and region:
        where = endpoint("dds", region, env)
    if not where:
        missing.append("--region (or HW_REGION_NAME) or --endpoint (or DDSWAIT_ENDPOINT)")
    if absent:
        missing.append(absent)
    project_id = given.project_id or own.project_id or project_of(env)
    if not project_id and found is not None:
        found = _with_project(env, given, region, found)
    if not project_id and (found is None or found is own) and not _names_project(own):
        missing.append("--project-id (or HW_PROJECT_ID), or --region to look it up by")
    if missing or found is None:
        raise ConfigurationError(f"missing: {'; '.join(missing)}")
    ca_file = given.ca_file or env.get("OS_CACERT") or own.ca_file
    return Target(where, project_id, found, region, ca_file)


def _names_project(found: Found) -> bool:
    """Whether the credentials' own leases name the project."""
    return hasattr(found.key, "obtain") and not isinstance(found.key, metadata.EcsMetadata)


def _with_project(env: Mapping[str, str], given: Given, region: str, found: Found) -> Found:
    """Return the credentials with a look-up of the project, when that needs one and can be done."""
    name = env.get("HW_PROJECT_NAME") or env.get("OS_PROJECT_NAME") or region
    where = _iam(env, given, region, found.iam_endpoint)
    if _names_project(found) or not name or not where:
        return found
    return found._replace(key=ProjectByName(found.key, where, name), iam_endpoint=where)
