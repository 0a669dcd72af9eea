"""Put routes, errors and limits together into one ASGI application."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Depends, FastAPI

from app.api import problems
from app.api.declared import refuse_undeclared
from app.api.middleware import BodyLimitMiddleware, RequestIdMiddleware
from app.api.routes import (
    agui,
    cards,
    chat,
    connections,
    decisions,
    files,
    models,
    plans,
    policies,
    postbacks,
    protection,
    reconciliation,
    system,
    threads,
    trading,
)
from app.api.strict_json import refuse_ambiguous_json

TITLE = "SigmaTrader"
VERSION = "0.1.0"


def create_application(
    *,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    max_body_bytes: int,
) -> FastAPI:
    """Return the application; its services are put in `app.state.services` by the lifespan."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_ambiguous_json)],
    )
    problems.install(app)
    for module in (
        chat,
        threads,
        cards,
        decisions,
        files,
        models,
        plans,
        trading,
        protection,
        reconciliation,
        policies,
        postbacks,
        connections,
        system,
        agui,
    ):
        app.include_router(module.router)
    refuse_undeclared(app)
    app.add_middleware(BodyLimitMiddleware, max_bytes=max_body_bytes, longer=policies.LONG_BODIES)
    app.add_middleware(RequestIdMiddleware)
    return app
