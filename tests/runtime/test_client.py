"""ddswait.runtime.client: from an action to what its reply means, over a real socket."""

from math import inf
from random import Random

from ddswait.credentials.keys import Token
from ddswait.runtime.client import Client
from ddswait.scheduler.actions import PollJob
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service import service_named
from ddswait.service.replies import JobSeen
from tests.runtime.test_transport import answering, serving

BODY = b'{"job": {"id": "x", "name": "Create_MongoDB", "status": "Running", "progress": "9%"}}'


async def test_reply_that_repeats_the_last_one_brings_the_record_that_is_known() -> None:
    """Not an equal one: it was not read again, until a list has said something else."""
    scheduler = Scheduler(PollSettings(), Random(1), rate_limiter=RateLimiter(inf))
    scheduler.subscribers.subscribe("x", 1e9, "me", 0.0)
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    records, now = [], 0.0
    async with serving(answering(raw)) as url:
        client = Client(service_named(), url, "p", Token("t"), connections=1)
        for number in range(3):
            action = scheduler.next(now)
            assert isinstance(action, PollJob)
            if number == 2:
                action.poll.digest = 0  # as a list leaves it that has shown other progress
            reply = await client.send(action)
            assert isinstance(reply, JobSeen)
            scheduler.take(action, reply, now)
            records.append(reply.job)
            now = scheduler.due()
        await client.close()
    assert records[1] is records[0]
    assert records[2] is not records[0]
    assert records[2] == records[0]
