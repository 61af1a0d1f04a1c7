"""ddswait.simulator.actions: the words that an instance shows while a task works on it."""

import pytest

from ddswait.simulator.actions import ACTIONS, CREATIONS, RESTORATIONS, action_of, check_action
from ddswait.simulator.world import World


@pytest.mark.parametrize(
    ("task", "action"),
    [
        ("Create_MongoDB", "CREATE"),
        ("CreateMongoDB", "CREATE"),
        ("Create_Backup", "BACKUP"),
        ("Restore_MongoDB_Replica", "RESTORE"),
        ("RestoreToNew_MongoDB", "RESTORE_TO_NEW_INSTANCE"),
        ("RestartReplicaSetInstance", "RESTARTING"),
        ("Resize_MongoDB", "RESIZE_FLAVOR"),
        ("EnlargeVolume_MongoDB", "RESIZE_VOLUME"),
        ("Add_MongoDB_Nodes", "GROWING"),
        ("Switchover_MongoDB", "SWITCH_PRIMARY"),
        ("Upgrade_MongoDB", "UPGRADE_DATABASE"),
        ("Delete_MongoDB", "DELETE_INSTANCE"),
        ("anything else", "SET_CONFIGURATION"),
        ("", "SET_CONFIGURATION"),
    ],
)
def test_task_shows_its_action(task: str, action: str) -> None:
    """By the beginning of its name, as both APIs spell it."""
    assert action_of(task) == action
    assert action in ACTIONS


def test_published_actions_are_known() -> None:
    """There are 45; those that an instance comes from are among them."""
    assert len(ACTIONS) == 45
    assert CREATIONS | RESTORATIONS < ACTIONS
    assert {"FROZEN", "RESTORE_FAILED_HANGUP", "BACKUP"} < ACTIONS


def test_job_can_show_any_published_action() -> None:
    """And no other word, which is quoted."""
    world = World(time=lambda: 0.0)
    for action in sorted(ACTIONS):
        world.add_job(instance_id=action, action=action)
        found = world.instance(action)
        assert found is not None
        assert found.actions == [action]
    with pytest.raises(ValueError, match="unknown action 'create'"):
        check_action("create")
    with pytest.raises(ValueError, match="unknown action 'x'"):
        world.add_job(action="x")
