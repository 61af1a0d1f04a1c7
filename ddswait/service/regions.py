"""The regions that are known, and which of them a wrong name may mean. Pure.

Sources: the regions of DDS and IAM in the official SDKs; for the other clouds of the family,
"Regions and Endpoints" of each. New regions appear, so an unknown name is never an error.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ddswait.service import NAMES, service_named
from ddswait.service.endpoints import CLOUDS

REGIONS = (
    "ae-ad-1",
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-east-5",
    "cn-north-1",
    "cn-north-2",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-2",
    "cn-southwest-2",
    "eu-ch2",
    "eu-de",
    "eu-nl",
    "eu-west-0",
    "eu-west-101",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "my-kualalumpur-1",
    "na-mexico-1",
    "ru-moscow-1",
    "ru-northwest-2",
    "sa-brazil-1",
    "tr-west-1",
)
"""The names of all regions that are known, in alphabetical order."""

CHECK_NAME = "check its name in the console"
"""What to do about an unknown region that resembles no known one."""

_MOST = 3  # names that a message suggests
_SIMILAR = 0.75  # the ratio of difflib; one wrong character of nine is 0.89, two are 0.78
_HOST = re.compile(r"([a-z-]+)\.([a-z0-9-]+)\.(.+)")


def region_of(endpoint: str) -> str:
    """Return the region in the host of an endpoint of a known cloud; "" for any other host."""
    return _parts_of(endpoint)[1]


def other_service(endpoint: str, service: str) -> str:
    """Return the service whose host an endpoint has, if that is another one; else ""."""
    host, region = _parts_of(endpoint)
    if not host or host in _hosts(service, region):
        return ""
    return next((name for name in NAMES if host in _hosts(name, region)), "")


def _hosts(service: str, region: str) -> set[str]:
    found = service_named(service)
    return {found.host(region), found.host()}


def _parts_of(endpoint: str) -> tuple[str, str]:
    """Return the first part and the region of a host of a known cloud; "" for any other host."""
    found = _HOST.fullmatch(urlsplit(endpoint).hostname or "")
    return (found[1], found[2]) if found and found[3] in CLOUDS else ("", "")


def suggestion(region: str) -> str:
    """Return a sentence that asks for the known regions that an unknown one may mean.

    Returns:
        The sentence; "" for a known region, and where no known one is similar.
    """
    if region in REGIONS:
        return ""
    from difflib import get_close_matches  # late: only a wrong name needs it

    near = get_close_matches(region, REGIONS, _MOST, _SIMILAR)
    # With the same letters it was a slip of the fingers, and the other names would only distract.
    slips = [each for each in near if _letters(each) == _letters(region)]
    *others, last = slips or near or [""]
    return f"did you mean {', '.join(others)}{' or ' if others else ''}{last}?" if last else ""


def _letters(region: str) -> list[str]:
    return sorted(region.replace("-", ""))


def doubt(region: str, origin: str) -> str:
    """Return a sentence that doubts an unknown region; "" for a known one.

    Args:
        region: its name.
        origin: the variable or option that it came from.
    """
    if region in REGIONS:
        return ""
    advice = suggestion(region) or CHECK_NAME
    return f"{origin}: ddswait does not know the region {region!r}: {advice}"
