"""The composition root: the only place that builds concrete things."""

from app.bootstrap.bars import read_bars
from app.bootstrap.brokers import AccountBrokers, check_broker
from app.bootstrap.build import build
from app.bootstrap.container import Container
from app.bootstrap.ground import prepare_database, seal_secret
from app.bootstrap.mcp import build_mcp
from app.bootstrap.worker import build_worker, require_shared_broker

__all__ = [
    "AccountBrokers",
    "Container",
    "build",
    "build_mcp",
    "build_worker",
    "check_broker",
    "prepare_database",
    "read_bars",
    "require_shared_broker",
    "seal_secret",
]
