"""How a region and the gateway before it word their replies. Pure.

Regions answer differently for the same fact, and gateways leave out or respell what a client may
expect. Sources: Huawei's and Open Telekom Cloud's Terraform providers, and replies of live
services in the threads of their issues.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

MissingInstance = Literal[200, 400, 404]
UnknownJob = Literal[200, 400, 404]
Gateway = Literal["APIGW", "APIG"]
HeaderCase = Literal["usual", "lower", "upper"]


@dataclass(kw_only=True)
class Dialect:
    """The differences; the defaults are the usual form. Tests set them at any time.

    Attributes:
        unknown_job: the status of a reply about a job ID that is unknown: 400 or 404 with an
            error, or 200 with an empty job; None for what is usual in the service.
        missing_instance: the status of a reply about an instance that is not there: 200 with an
            empty list, or 400 (rarely 404) with an error.
        missing_instance_code: the code of that error.
        has_empty_job_id: whether the reply to a prepaid order has an empty `job_id`, or none.
        lists_another: whether a reply about one instance shows another one first, which is ready.
        is_odd: whether IDs are in upper case, status words in lower case, and a percentage ends
            in a blank.
        gateway: what the error codes of the gateway begin with.
        without_headers: the names of headers that replies lack, such as `Date`.
        header_case: how the names of headers are written.
        retry_after_is_date: whether `Retry-After` is a time instead of seconds.
    """

    unknown_job: UnknownJob | None = None
    missing_instance: MissingInstance = 200
    missing_instance_code: str = "DBS.280110"
    has_empty_job_id: bool = False
    lists_another: bool = False
    is_odd: bool = False
    gateway: Gateway = "APIGW"
    without_headers: tuple[str, ...] = ()
    header_case: HeaderCase = "usual"
    retry_after_is_date: bool = False

    def __post_init__(self) -> None:
        self.change({})

    def change(self, document: dict[str, Any]) -> None:
        """Set some of the differences.

        Raises:
            ValueError: a name or a value is unknown; the message quotes it. Nothing is changed.
        """
        names = [each.name for each in fields(self)]
        for name in document:
            if name not in names:
                raise ValueError(f"unknown field {name!r}: use {', '.join(names)}")
        given = {**vars(self), **document}
        for name, allowed in (
            ("unknown_job", (*get_args(UnknownJob), None)),
            ("missing_instance", get_args(MissingInstance)),
            ("gateway", get_args(Gateway)),
            ("header_case", get_args(HeaderCase)),
        ):
            if given[name] not in allowed:
                choices = ", ".join(map(str, allowed))
                raise ValueError(f"{name}: unknown value {given[name]!r}: use {choices}")
        vars(self).update(document)

    def as_id(self, text: str) -> str:
        """Return an ID as this region writes it."""
        return text.upper() if self.is_odd else text

    def as_word(self, text: str) -> str:
        """Return a status as this region writes it."""
        return text.lower() if self.is_odd else text

    def as_percent(self, number: int | None) -> str:
        """Return a percentage as this region writes it; "" for none."""
        if number is None:
            return ""
        return f"{number}% " if self.is_odd else f"{number}%"

    def as_headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers of a reply as the gateway sends them."""
        left_out = {name.casefold() for name in self.without_headers}
        kept = [(name, value) for name, value in headers if name.casefold() not in left_out]
        match self.header_case:
            case "usual":
                return kept
            case "lower":
                return [(name.lower(), value) for name, value in kept]
            case "upper":
                return [(name.upper(), value) for name, value in kept]
