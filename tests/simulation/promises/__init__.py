"""The promises that concern the pure part, one checker for each."""

from tests.simulation.promises.deadlines import EndsInTime, LastPoll
from tests.simulation.promises.limits import DoubtfulCredentials, RateLimits
from tests.simulation.promises.memory import Memory
from tests.simulation.promises.once import EndsOnce, OnePoll
from tests.simulation.promises.reaching import NoneForgotten, Unreachable
from tests.simulation.promises.said import DisbelievesNoJob, SaysWhatTheServiceSaid

PROMISES = (
    EndsOnce,
    OnePoll,
    SaysWhatTheServiceSaid,
    DisbelievesNoJob,
    EndsInTime,
    LastPoll,
    Unreachable,
    NoneForgotten,
    RateLimits,
    DoubtfulCredentials,
    Memory,
)
