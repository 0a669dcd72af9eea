"""JSON that means one thing: no name twice in an object, no NaN and no Infinity."""

import json

from fastapi import Request

from app.api.middleware import STREAMED
from app.errors import InvalidRequest


async def refuse_ambiguous_json(request: Request) -> None:
    """Raise InvalidRequest for a body that two readers would read differently.

    A body that is no JSON at all is told by the route itself, and one that a route reads piece by
    piece is not waited for here.
    """
    if request.scope["path"] in STREAMED:
        return
    body = await request.body()
    if not body:
        return
    try:
        json.loads(body, object_pairs_hook=_once, parse_constant=_refuse)
    except ValueError:
        return


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name[:60] for name in names if names.count(name) > 1})
        raise InvalidRequest(f"the JSON has {', '.join(twice)} twice in one object")
    return fields


def _refuse(name: str) -> object:
    raise InvalidRequest(f"{name} is not a number of JSON")
