"""Where credentials, region and project come from: the first complete source wins.

    1. explicit arguments: the caller's own, `--cloud NAME`, `--auth metadata`
    2. the SDK's variables, HUAWEICLOUD_SDK_*
    3. Terraform's variables, HW_*, then OS_*
    4. clouds.yaml, when OS_CLOUD names a cloud in it
    5. the SDK's profile file, ~/.huaweicloud/credentials
    6. the metadata service of the ECS that this runs on, when it answers within a second

Halves of two sources are never mixed: an AK without its SK is an error that names its variable,
not a reason to look further. `place.py` tells where the credentials are then used.

Source: the SDK's and the Terraform provider's documentation of their variables and files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials import metadata
from ddswait.credentials import settings as place
from ddswait.credentials.iam import Password, ProjectByName
from ddswait.credentials.keys import AccessKey, check_auth
from ddswait.credentials.settings import Given, variable
from ddswait.credentials.source import Found, Names, Own, Said, from_pair, from_password, from_token
from ddswait.errors import ConfigurationError
from ddswait.service.endpoints import check_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.keys import CredentialProvider, Key


class NoCredentials(ConfigurationError):  # noqa: N818 - said as the other errors say it
    """No source holds anything, as opposed to one that holds half."""


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
    region: str = ""
    iam_endpoint: str = ""
    project_name: str = ""

    def own(self, env: Mapping[str, str]) -> Own:
        """Return what the family says beside its credentials."""
        return Own(
            variable(env, self.region),
            variable(env, self.iam_endpoint),
            project_id=env.get(self.key.project_id, ""),
            project_name=env.get(self.project_name, ""),
        )


_SOURCES = ("", "auto", "metadata")
_METADATA = "DDSWAIT_METADATA"  # another endpoint of the metadata service, or "off"
_FAMILIES = (
    _Family(
        Names(
            "HUAWEICLOUD_SDK_AK",
            "HUAWEICLOUD_SDK_SK",
            "HUAWEICLOUD_SDK_SECURITY_TOKEN",
            "HUAWEICLOUD_SDK_PROJECT_ID",
        ),
        iam_endpoint=place.SDK_IAM,
    ),
    _Family(
        Names("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"),
        ("HW_AUTH_TOKEN",),
        ("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
        "HW_REGION_NAME",
        "HW_AUTH_URL",
        "HW_PROJECT_NAME",
    ),
    _Family(
        Names("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN", "OS_PROJECT_ID"),
        ("OS_AUTH_TOKEN", "OS_TOKEN"),
        ("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"),
        "OS_REGION_NAME",
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
    if given.source not in _SOURCES:
        known = ", ".join(filter(None, _SOURCES))
        raise ConfigurationError(f"source {given.source!r} is none: give one of {known}")
    if given.source == "metadata":
        return _metadata(env)
    if given.cloud:
        return _from_clouds(env, given, given.cloud)
    for family in _FAMILIES:
        if found := _from_variables(env, family, given):
            return found
    if name := env.get("OS_CLOUD"):
        return _from_clouds(env, given, name)
    from ddswait.credentials import profile_file as profile  # only needed without variables

    if found := profile.find(env):
        return found
    if env.get(_METADATA) != "off" and metadata.answers(_metadata_endpoint(env)):
        return _metadata(env)
    raise NoCredentials(
        "credentials: set HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN, or HW_USER_NAME, "
        "HW_USER_PASSWORD and HW_DOMAIN_NAME (or the HUAWEICLOUD_SDK_ or OS_ variables), "
        "or write ~/.huaweicloud/credentials, or name a cloud of clouds.yaml by --cloud"
    )


def _from_variables(env: Mapping[str, str], family: _Family, given: Given) -> Found | None:
    key = family.key
    if found := from_pair(env.get, key, f"{key.access_key} and {key.secret_key}"):
        return found._replace(own=family.own(env))
    for name in family.tokens:
        if token := env.get(name):
            return from_token(token, name)._replace(own=family.own(env))
    return _from_password(env, family, given)


def _from_password(env: Mapping[str, str], family: _Family, given: Given) -> Found | None:
    if family.password is None or not any(env.get(name) for name in family.password[:2]):
        return None
    source = ", ".join(family.password)
    if missing := [name for name in family.password if not env.get(name)]:
        raise ConfigurationError(f"{source}: {' and '.join(missing)} not set: set all three")
    user, password, domain = (env[name] for name in family.password)
    own = family.own(env)
    where = place.place_of(env, given, own)
    if not where.iam_endpoint:
        raise ConfigurationError(f"{source}: set {family.iam_endpoint}, or the region, to find IAM")
    return from_password(user, password, domain, where, source)._replace(own=own)


def _from_clouds(env: Mapping[str, str], given: Given, name: str) -> Found:
    from ddswait.credentials import clouds_yaml as clouds

    return clouds.find(env, name, lambda own: place.place_of(env, given, own))


def _metadata(env: Mapping[str, str]) -> Found:
    where = _metadata_endpoint(env)
    return Found("the metadata service of this ECS", metadata.EcsMetadata(where))


def _metadata_endpoint(env: Mapping[str, str]) -> str:
    named = env.get(_METADATA) or "off"
    if named == "off":
        return metadata.ENDPOINT
    return check_endpoint(named, source=_METADATA, service="metadata", insecure_http=True)


def locate(
    env: Mapping[str, str],
    given: Given = Given(),  # noqa: B008 - frozen
    found: Found | None = None,
) -> Target:
    """Return endpoint, project and credentials: what was given, else what is found.

    The project ID is that of the arguments, or of the source of the credentials; else that of
    the environment, but for a password, whose tokens are scoped to its own project; else the
    credentials come with a look-up of the project that is named by the source, HW_PROJECT_NAME,
    OS_PROJECT_NAME or like the region.

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
    if found is not None:
        check_auth(found.key)
    else:
        try:
            found = discover(env, given)
        except NoCredentials as error:
            absent = str(error)
    own = found.own if found else Own()
    region = place.region_of(env, given, own)
    where = place.dds_of(env, given, own, region)
    if not where:
        missing.append("--region (or HW_REGION_NAME) or --endpoint (or DDSWAIT_ENDPOINT)")
    if absent:
        missing.append(absent)
    project_id, found = _with_project(env, given, region, found)
    if not project_id and not (found and _names_project(found)):
        missing.append("--project-id (or HW_PROJECT_ID), or --region to look it up by")
    if missing or found is None:
        raise ConfigurationError(f"missing: {'; '.join(missing)}")
    ca_file = place.ca_file_of(env, given, own)
    return Target(where.text, project_id, found, region.text, ca_file)


def _names_project(found: Found) -> bool:
    """Whether the credentials' own leases name the project, or may do so."""
    return hasattr(found.key, "obtain") and not isinstance(found.key, metadata.EcsMetadata)


def _with_project(
    env: Mapping[str, str], given: Given, region: Said, found: Found | None
) -> tuple[str, Found | None]:
    """Return the project ID, or the credentials with a look-up of it, where that can be done."""
    own = found.own if found else Own()
    project_id = given.project_id or own.project_id
    of_its_own = found is not None and isinstance(found.key, Password | ProjectByName)
    if not project_id and not of_its_own and not own.project_name:
        project_id = place.project_of(env)
    if found is None or (of_its_own and not project_id):
        return project_id, found
    if project_id:
        return project_id, found._replace(key=_for_project(found.key, project_id))
    name = place.project_name_of(env, own, region)
    iam_endpoint = place.iam_of(env, given, own, region) if name else ""
    if not iam_endpoint:
        return "", found
    return "", found._replace(key=ProjectByName(found.key, iam_endpoint, name))


def _for_project(key: Key | CredentialProvider, project_id: str) -> Key | CredentialProvider:
    """Return the key, for that project: by a signed header, or by the scope of its tokens."""
    if isinstance(key, AccessKey | Password) and key.project_id != project_id:
        return replace(key, project_id=project_id)
    return key
