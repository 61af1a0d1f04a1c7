"""The credential chain: the first source that has credentials is used.

    1. explicit arguments: credentials of the caller, `--auth metadata`, `--cloud NAME`
    2. the SDK's variables, HUAWEICLOUD_SDK_*
    3. Terraform's variables, HW_*, then OpenStack's, OS_*
    4. clouds.yaml, when OS_CLOUD names a cloud
    5. the SDK's profile file, ~/.huaweicloud/credentials
    6. the metadata service of this ECS, when it replies within a second

Parts of two sources are never combined: an AK without its SK is an error that names the missing
variable; it does not select the next source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials import environment, metadata
from ddswait.credentials.checklist import IncompleteConfiguration
from ddswait.credentials.configuration_items import configuration_items
from ddswait.credentials.project import select_project_id, with_project
from ddswait.credentials.provider import check_auth
from ddswait.credentials.settings import ExplicitSettings, Settings
from ddswait.credentials.source import Source, SourceSettings
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.checklist import CheckItem
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider

_SOURCES = ("", "auto", "metadata")


class Configuration(NamedTuple):
    """Everything that a waiter needs.

    Attributes:
        endpoint: the endpoint of the service.
        project_id: the project of the jobs; "" when the credentials provide it.
        source: the credentials, and where they come from.
        region: the name of the region, or "".
        ca_file: the path of a file with trusted certificates; "" for those of the system.
        items: the parts of the configuration, for people.
    """

    endpoint: str
    project_id: str
    source: Source
    region: str = ""
    ca_file: str = ""
    items: tuple[CheckItem, ...] = ()


def first_source(
    env: Mapping[str, str],
    explicit: ExplicitSettings = ExplicitSettings(),  # noqa: B008 - frozen
) -> Source | None:
    """Return the first source that has credentials; None when all are empty.

    Args:
        env: the variables; `HOME` is the folder of the user's files.
        explicit: the options or arguments of the caller.

    Raises:
        ConfigurationError: a source is incomplete, invalid or cannot be read; the message names
            it, says what to do, and shows no secret.
    """
    if explicit.source not in _SOURCES:
        known = " or ".join(filter(None, _SOURCES))
        raise ConfigurationError(f"invalid source {explicit.source!r}: use {known}")
    if explicit.source == "metadata":
        return metadata.read_source(env)
    if explicit.cloud:
        return _clouds_yaml(env, explicit, explicit.cloud)
    if source := environment.read_source(env, explicit):
        return source
    if name := env.get("OS_CLOUD"):
        return _clouds_yaml(env, explicit, name)
    from ddswait.credentials import profile_file  # not needed when variables have credentials

    return profile_file.read_source(env) or metadata.detect_source(env)


def _clouds_yaml(env: Mapping[str, str], explicit: ExplicitSettings, name: str) -> Source:
    from ddswait.credentials import clouds_yaml  # not needed when variables have credentials

    return clouds_yaml.read_source(env, explicit, name)


def resolve(
    env: Mapping[str, str],
    explicit: ExplicitSettings = ExplicitSettings(),  # noqa: B008 - frozen
    auth: Key | CredentialProvider | None = None,
) -> Configuration:
    """Return the configuration: explicit settings, completed from sources and variables.

    The project ID is explicit, or comes from the source of the credentials, or from another
    variable. Without an ID, the project is looked up by the name that the source,
    HW_PROJECT_NAME or OS_PROJECT_NAME sets, or by the name of the region. Tokens of a password
    are valid for one project, so only the first two apply to it.

    Args:
        env: the variables.
        explicit: the options or arguments of the caller.
        auth: the credentials of the caller; None to use the first source that has some.

    Raises:
        IncompleteConfiguration: settings are missing; the message names all of them at once,
            where they were looked for, and how to set them.
        ConfigurationError: a setting is invalid, or IAM and the service belong to different clouds.
    """
    source = first_source(env, explicit) if auth is None else _source_of_caller(auth)
    settings = Settings(env, explicit, source.settings if source else SourceSettings())
    endpoint = settings.service_endpoint()
    project_id = select_project_id(source.auth if source else None, settings)
    if source is not None:
        source = source._replace(
            auth=with_project(source.auth, project_id, settings),
            warnings=(*source.warnings, *settings.doubts()),
        )
        settings.check_cloud(getattr(source.auth, "iam_endpoint", ""))
    items = configuration_items(env, settings, source, project_id)
    if source is None or any(item.state == "missing" for item in items):
        raise IncompleteConfiguration(items)
    region = settings.region().value
    return Configuration(endpoint, project_id, source, region, settings.ca_file(), items)


def _source_of_caller(auth: Key | CredentialProvider) -> Source:
    check_auth(auth)
    project_id = getattr(auth, "project_id", None) or ""
    return Source("the caller", auth, SourceSettings(project_id=project_id))
