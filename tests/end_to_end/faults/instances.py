"""Faults of polls of an instance: the command has `--ready`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.end_to_end.faults.building import HTML, changes, error, http, says, with_body
from tests.end_to_end.faults.connections import reset
from tests.end_to_end.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.faults.building import Act
    from tests.end_to_end.faults.fault import Reply


def _instance(act: Act) -> Fault:
    return Fault(act, concerns="/instances?id=", options=("--ready",))


def _shows(change: Callable[[list[dict[str, Any]]], Any]) -> Fault:
    """Return the fault of a list of instances that is changed."""

    def changed(reply: Reply) -> bytes:
        shown = change(json.loads(reply.body)["instances"])
        return with_body(reply, json.dumps({"instances": shown, "total_count": 1}).encode())

    return _instance(changes(changed))


FAULTS = {
    "instance: reset in place of the reply": _instance(reset),
    "instance: 200 HTML": _instance(says(http(200, HTML, "text/html"))),
    "instance: 401": _instance(says(http(401, error("APIGW.0301")))),
    "instance: 403 DBS.280032 (permission)": _instance(says(http(403, error("DBS.280032")))),
    "instance: 403 DBS.200604 (not yours)": _instance(says(http(403, error("DBS.200604")))),
    "instance: 400 DBS.280110 (not found)": _instance(says(http(400, error("DBS.280110")))),
    "instance: 404 DBS.200002 (not found)": _instance(says(http(404, error("DBS.200002")))),
    "instance: 500": _instance(says(http(500, error("DBS.280005")))),
    "instance: empty list": _shows(lambda _: []),
    "instance: list of something else": _shows(lambda _: [None, 7, "normal"]),
    "instance: another one before it, which is busy": _shows(
        lambda found: [{**found[0], "id": "another", "status": "creating"}, *found]
    ),
    "instance: only another one, which is normal": _shows(
        lambda found: [{**found[0], "id": "another", "status": "normal"}]
    ),
    "instance: frozen": _shows(lambda found: [{**found[0], "status": "frozen"}]),
    "instance: createfail": _shows(lambda found: [{**found[0], "status": "createfail"}]),
    "instance: a backup is pending": _shows(lambda found: [{**found[0], "actions": ["BACKUP"]}]),
    "instance: status in upper case": _shows(lambda found: [{**found[0], "status": "NORMAL"}]),
    "instance: status is a number": _shows(lambda found: [{**found[0], "status": 1}]),
    "instance: actions are a text": _shows(lambda found: [{**found[0], "actions": "BACKUP"}]),
}
