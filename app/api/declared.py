"""Deny by default: a route that neither asks for a permission nor is public stops the start."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

PUBLIC = frozenset({"/", "/static/{name}", "/healthz", "/readyz", "/metrics", "/openapi.json"})
# What clients are told of how to sign in, before they can (RFC 9728).
TOLD_FIRST = frozenset(
    {
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    }
)
# The broker signs what it sends; the route checks that itself.
SIGNED = frozenset({"/api/v1/postbacks/{tenant_id}"})
# MCP has a door of its own, which asks every request for a credential.
GUARDED = frozenset({"/mcp"})


class RouteUndeclared(Exception):
    """Somebody added a route and did not say who may use it."""


def refuse_undeclared(app: FastAPI) -> None:
    """Raise RouteUndeclared naming every route that does not say who may use it."""
    undeclared = sorted(undeclared_routes(app))
    if undeclared:
        raise RouteUndeclared(f"no permission declared by {', '.join(undeclared)}")


def undeclared_routes(app: FastAPI) -> Iterator[str]:
    """Return the paths that need neither a permission nor a place among the public ones."""
    for route in iter_route_contexts(app.routes):
        path = str(route.path)
        if path not in PUBLIC | TOLD_FIRST | SIGNED | GUARDED and not _declares(route):
            yield path


def _declares(route: RouteContext) -> bool:
    dependant = getattr(route, "dependant", None)
    needs = [] if dependant is None else dependant.dependencies
    return any(getattr(need.call, "permission", None) is not None for need in needs)
