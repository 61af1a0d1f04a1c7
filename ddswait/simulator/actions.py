"""What an instance shows while a task works on it: the action that belongs to the task. Pure.

Source: the reference of the instance's field `actions`, which lists these words.
"""

from __future__ import annotations

ACTIONS = frozenset(
    {
        "RESTARTING",
        "RESTORE",
        "RESIZE_FLAVOR",
        "RESTORE_TO_NEW_INSTANCE",
        "MODIFY_VPC_PEER",
        "CREATE",
        "FROZEN",
        "RESIZE_VOLUME",
        "RESTORE_CHECK",
        "RESTORE_FAILED_HANGUP",
        "CLOSE_AUDIT_LOG",
        "OPEN_AUDIT_LOG",
        "CREATE_IP_SHARD",
        "CREATE_IP_CONFIG",
        "GROWING",
        "SET_CONFIGURATION",
        "RESTORE_TABLE",
        "MODIFY_SECURITYGROUP",
        "BIND_EIP",
        "UNBIND_EIP",
        "SWITCH_SSL",
        "SWITCH_PRIMARY",
        "CHANGE_DBUSER_PASSWORD",
        "MODIFY_PORT",
        "MODIFY_IP",
        "DELETE_INSTANCE",
        "REBOOT",
        "BACKUP",
        "MIGRATE_AZ",
        "RESTORING",
        "PWD_RESETING",
        "UPGRADE_DATABASE",
        "DATA_MIGRATION",
        "SHARD_GROWING",
        "APPLY_CONFIGURATION",
        "RESET_PASSWORD",
        "GROWING_REVERT",
        "SHARD_GROWING_REVERT",
        "LOG_PLAINTEXT_SWITCH",
        "CREATE_DATABASE_USER",
        "CREATE_DATABASE_ROLE",
        "MODIFY_NAME",
        "MODIFY_PRIVATE_DNS",
        "MODIFY_OP_LOG_SIZE",
        "ADD_READONLY_NODES",
    }
)

CREATIONS = frozenset({"CREATE", "RESTORE_TO_NEW_INSTANCE"})
"""The actions that make an instance."""

RESTORATIONS = frozenset({"RESTORE", "RESTORING", "RESTORE_TO_NEW_INSTANCE"})

# The first row decides whose words a task's name begins with; names differ between the APIs, as
# `Create_MongoDB` and `CreateMongoDB` do.
_TASKS = (
    ("createbackup", "BACKUP"),
    ("create", "CREATE"),
    ("restoretonew", "RESTORE_TO_NEW_INSTANCE"),
    ("restoretable", "RESTORE_TABLE"),
    ("restore", "RESTORE"),
    ("restart", "RESTARTING"),
    ("resize", "RESIZE_FLAVOR"),
    ("enlarge", "RESIZE_VOLUME"),
    ("add", "GROWING"),
    ("switchover", "SWITCH_PRIMARY"),
    ("upgrade", "UPGRADE_DATABASE"),
    ("delete", "DELETE_INSTANCE"),
    ("", "SET_CONFIGURATION"),
)


def action_of(task: str) -> str:
    """Return the action of a task by the task's name."""
    name = task.replace("_", "").casefold()
    return next(action for words, action in _TASKS if name.startswith(words))


def check_action(action: str) -> str:
    """Return an action if it is one.

    Raises:
        ValueError: it is not published.
    """
    if action not in ACTIONS:
        raise ValueError(f"unknown action {action!r}: use one of {', '.join(sorted(ACTIONS))}")
    return action
