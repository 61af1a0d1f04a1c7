"""Regions to endpoints. Pure.

Source: "Endpoints" of the DDS and IAM API references. Other clouds of the family, such as Open
Telekom Cloud, are reached by giving their endpoints whole.
"""

from __future__ import annotations

import re

from ddswait.errors import ConfigurationError

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_CLOUD = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def check_region(region: str) -> str:
    """Return the region if its name can be one.

    Raises:
        ConfigurationError: it cannot; the message names it.
    """
    if not _REGION.fullmatch(region):
        raise ConfigurationError(f"region {region!r} is none: give one like ap-southeast-1")
    return region


def endpoint_of(service: str, region: str, cloud: str = "") -> str:
    """Return the endpoint of a service (`dds`, `iam`) in a region.

    Args:
        service: the first part of the host.
        region: such as `ap-southeast-1`; those beginning with `eu-west-1` end in `.eu`.
        cloud: the domain of another cloud (`HW_CLOUD`); "" for Huawei's own.

    Raises:
        ConfigurationError: the region's or the cloud's name cannot be one.
    """
    if cloud and not _CLOUD.fullmatch(cloud):
        raise ConfigurationError(f"HW_CLOUD {cloud!r} is no domain: give one like myhuaweicloud.eu")
    top = "eu" if region.startswith("eu-west-1") else "com"
    return f"https://{service}.{check_region(region)}.{cloud or f'myhuaweicloud.{top}'}"
