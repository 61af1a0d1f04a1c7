"""Region, endpoints, project and CA file: the settings in force, and who set them. Pure.

Explicit settings come first, then those of the source of the credentials, and then those of other
variables: a password of one cloud must never be sent to the IAM of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.source import PasswordScope, Setting, SourceSettings
from ddswait.service import DEFAULT, service_named
from ddswait.service.endpoints import (
    check_endpoint,
    check_region,
    check_same_cloud,
    endpoint_of,
    without_version,
)
from ddswait.service.regions import doubt, other_service, region_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SDK_IAM_ENDPOINT = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
_PROJECT_IDS = ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID")
_PROJECT_NAMES = ("HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME")


class ExplicitSettings(NamedTuple):
    """The options or arguments of the caller; "" for those that are not set.

    Attributes:
        endpoint: the endpoint of the service.
        project_id: the ID of the jobs' project.
        region: the name of the region.
        iam_endpoint: the endpoint of IAM.
        ca_file: the path of a file with trusted certificates.
        cloud: the name of a cloud in clouds.yaml.
        source: `metadata` to use the keys of this ECS and no other source; `auto` or "" to use
            the first source that has credentials.
        insecure_http: accept endpoints on other machines that do not use https.
        service: the name of the service; `DDSWAIT_SERVICE` is not read, see
            registry.service_in().
    """

    endpoint: str = ""
    project_id: str = ""
    region: str = ""
    iam_endpoint: str = ""
    ca_file: str = ""
    cloud: str = ""
    source: str = ""
    insecure_http: bool = False
    service: str = DEFAULT


def variable(env: Mapping[str, str], name: str) -> Setting:
    """Return the setting in a variable."""
    return Setting(env.get(name) or "", name)


def first_value(env: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the value of the first variable that is set, or ""."""
    return next(filter(None, map(env.get, names)), "")


def _first(*settings: Setting) -> Setting:
    return next(filter(None, settings), Setting())


class Settings(NamedTuple):
    """The settings in force.

    Attributes:
        env: the variables.
        explicit: the options or arguments of the caller.
        own: the settings of the source of the credentials.
    """

    env: Mapping[str, str]
    explicit: ExplicitSettings = ExplicitSettings()
    own: SourceSettings = SourceSettings()

    def region(self) -> Setting:
        """Return the name of the region; empty when it is not set.

        Raises:
            ConfigurationError: the name is invalid; the message names its origin.
        """
        region = _first(
            Setting(self.explicit.region, "--region"),
            self.own.region,
            variable(self.env, "HW_REGION_NAME"),
            variable(self.env, "OS_REGION_NAME"),
        )
        if region:
            check_region(*region)
        return region

    def service_endpoint(self) -> str:
        """Return the endpoint of the service; "" when neither it nor the region is set.

        Raises:
            ConfigurationError: the endpoint or the region is invalid; the message names its
                origin.
        """
        return self._checked(self.first_endpoint(), self.explicit.service)

    def endpoint_of_other(self, service: str) -> Setting:
        """Return the endpoint of another service; empty when neither it nor the region is set.

        Raises:
            ConfigurationError: the region is invalid; the message names its origin.
        """
        own = self.own.other_endpoints.get(service, Setting())
        return own or self._regional(service, self.region())

    def first_endpoint(self) -> Setting:
        """Return the endpoint of the service that the settings are for; empty as above."""
        endpoint = _first(Setting(self.explicit.endpoint, "--endpoint"), self._preset_endpoint())
        return endpoint or self._regional(self.explicit.service, self.region())

    def _preset_endpoint(self) -> Setting:
        """Return the endpoint of the source or the environment.

        An explicit cloud wins over both; an explicit region wins over any endpoint but that of
        an explicit cloud.
        """
        if self.explicit.cloud and self.own.service_endpoint:
            return self.own.service_endpoint
        if self.explicit.region:
            return Setting()
        return _first(variable(self.env, "DDSWAIT_ENDPOINT"), self.own.service_endpoint)

    def endpoint_origin(self) -> str:
        """Return the variable or option that the endpoint comes from, or ""."""
        return self.first_endpoint().origin

    def doubts(self) -> list[str]:
        """Return a warning about an unknown region, or about the endpoint of another service."""
        endpoint = self.first_endpoint()
        region = region_of(endpoint.value)
        service = service_named(self.explicit.service)
        # A region in which the service has a host of its own is known, if not to other services.
        is_known = service.host(region) != service.host()
        warning = doubt(region, endpoint.origin) if region and not is_known else ""
        if other := other_service(endpoint.value, self.explicit.service):
            warning = (
                f"{endpoint.origin}: {endpoint.value!r} is the endpoint of {other}, and the jobs "
                f"are of {self.explicit.service}: leave it out, so that the region sets it"
            )
        return [warning] if warning else []

    def iam_endpoint(self) -> str:
        """Return the endpoint of IAM without a version; "" when neither it nor the region is set.

        Raises:
            ConfigurationError: the endpoint or the region is invalid; the message names its
                origin.
        """
        return self._checked(self._iam(), "iam")

    def _iam(self) -> Setting:
        # The credentials of a known cloud never go where a variable for another cloud says.
        of_sdk = Setting() if self.own.cloud else variable(self.env, SDK_IAM_ENDPOINT)
        endpoint = _first(
            Setting(self.explicit.iam_endpoint, "--iam-endpoint"), self.own.iam_endpoint, of_sdk
        )
        return endpoint or self._regional("iam", self.region())

    def check_cloud(self, used: str) -> None:
        """Check that IAM and the service belong to the same cloud.

        A credential of one cloud is never sent to a host of another. Two endpoints that the user
        sets may differ, unless they are known to belong to two clouds.

        Args:
            used: the endpoint of IAM that the credentials use, or "".

        Raises:
            ConfigurationError: they belong to two clouds, and the message names both hosts; or the
                endpoint of IAM is not one.
        """
        region, service, iam = self.region(), self.first_endpoint(), self._iam()
        if used and used != without_version(iam.value):
            iam = Setting(used, "the credentials")
        derived = [each.origin == region.origin for each in (iam, service)]
        if not service or not iam or (derived[0] and not used):
            return
        # Credentials that do not use IAM do not care whether its endpoint is https.
        check_endpoint(iam.value, source=iam.origin, service="iam", insecure_http=True)
        title = service_named(self.explicit.service).title
        check_same_cloud(iam.value, service.value, title=title, by_region=any(derived))

    def _regional(self, service: str, region: Setting) -> Setting:
        """Return the endpoint of a service in a region: the one the environment sets, or the usual.

        `HUAWEICLOUD_SDK_REGION_DDS_CN_NORTH_4` sets the endpoint of DDS in cn-north-4, and
        `HW_CLOUD` the domain of another cloud.
        """
        if not region:
            return Setting()
        suffix = region.value.replace("-", "_").upper()
        name = service_named(service).sdk if service != "iam" else service
        override = variable(self.env, f"HUAWEICLOUD_SDK_REGION_{name.upper()}_{suffix}")
        cloud = self.own.cloud or self.env.get("HW_CLOUD", "")
        return override or Setting(endpoint_of(service, region.value, cloud), region.origin)

    def _checked(self, endpoint: Setting, service: str) -> str:
        if not endpoint:
            return ""
        return check_endpoint(
            endpoint.value,
            source=endpoint.origin,
            service=service,
            insecure_http=self.explicit.insecure_http,
        )

    def project_id(self) -> str:
        """Return the project ID of the caller or of the source of the credentials, or ""."""
        return self.explicit.project_id or self.own.project_id

    def project_id_of_environment(self) -> str:
        """Return the project ID that the variables of any source set, or ""."""
        return first_value(self.env, _PROJECT_IDS)

    def project_name(self) -> str:
        """Return the name of the project, or "".

        The default project of a region has the name of the region.
        """
        name = self.own.project_name or first_value(self.env, _PROJECT_NAMES)
        return name or self.region().value

    def password_scope(self) -> PasswordScope:
        """Return where the password of the source is valid.

        Raises:
            ConfigurationError: the region or the endpoint of IAM is invalid.
        """
        project_name = self.own.project_name or self.region().value
        return PasswordScope(
            self.iam_endpoint(), project_name, self.project_id(), self.own.project_domain
        )

    def ca_file(self) -> str:
        """Return the path of the file with trusted certificates, or "" for the system's."""
        of_cloud = self.own.ca_file if self.explicit.cloud else ""
        return self.explicit.ca_file or of_cloud or self.env.get("OS_CACERT") or self.own.ca_file
