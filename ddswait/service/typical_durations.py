"""How long jobs may take, for those of which nothing is known yet.

Source: running times in issues and pull requests of Huawei's and Open Telekom Cloud's Terraform
providers, which bound a few operations each, and the words of the DDS user guide. That is little:
so these are trusted half as much as past jobs, only until one is known, and never shown.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Mapping[str, float] = MappingProxyType({})
_OF_DDS = MappingProxyType(
    {
        "CreateMongoDB": 1200.0,
        "CreateMongoDBReplica": 420.0,
        "CreateMongoDBReplicaSingle": 270.0,
        "RestartReplicaSetInstance": 100.0,
        "RestartInstance": 100.0,
        "RestartNode": 100.0,
        "RestartGroup": 100.0,
        "RestartReplicaSingleInstance": 100.0,
        "BindPublicIP": 60.0,
        "UnbindPublicIP": 60.0,
        "ModifyIp": 100.0,
        "ModifyPort": 100.0,
        "ModifySecurityGroup": 100.0,
        "SwitchInstanceSSL": 100.0,
        "CreateIp": 100.0,
        "SwitchPrimary": 60.0,
        "MongodbSnapshotBackup": 120.0,
        "MongodbSnapshotEBackup": 120.0,
        "MongodbRestoreData2CurrentInstance": 1000.0,
        "RestoreMongoDB_Replica": 1000.0,
        "RestoreMongoDB": 1000.0,
        "MongodbRestoreTable": 400.0,
        "EnlargeMongoDBVolume": 200.0,
        "ResizeMongoDBInstance": 700.0,
        "EnlargeMongoDBGroup": 500.0,
        "ReplicaSetEnlargeNode": 500.0,
        "AddReadonlyNode": 500.0,
    }
)


def typical_durations(service: str) -> Mapping[str, float]:
    """Return the seconds that jobs of a service may take, by task name."""
    return _OF_DDS if service == "dds" else _NONE
