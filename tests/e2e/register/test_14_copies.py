"""The figures in two copies: the walks before this one had them, and one that is killed is not missed."""

from tests.e2e.copies import shared_by, take_over
from tests.e2e.register.support import DISTRICT, Walk


async def test_a_copy_is_killed_and_the_figures_go_on(walk: Walk) -> None:
    supervisor = walk.stack.supervisor
    names = walk.stack.nodes[DISTRICT].figure_workers
    assert len(names) == 2

    async def kill(name: str) -> None:
        process = int(name.rsplit("/", 1)[1])
        (found,) = [each for each in names if supervisor.process(each).pid == process]
        supervisor.kill(found)

    reader = walk.statistician.api
    before = [supervisor.restarts[name] for name in names]
    done = await take_over(walk.district_clerk.api, reader, walk.today, kill)
    after = await shared_by(reader, 2)  # the supervisor has started another one
    assert after[0]["name"] == done.staying
    assert done.ended not in {each["name"] for each in after}
    assert sum(supervisor.restarts[name] for name in names) == sum(before) + 1
