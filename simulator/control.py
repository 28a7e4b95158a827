"""The control panel `/_sim`, which no real carrier has."""

from simulator.query import Request
from simulator.reply import Reply, reply
from simulator.world import World


async def answer(world: World, request: Request) -> Reply:
    return reply({"status": "ok"})
