"""Logs as JSON lines on standard error, and the counters behind /metrics."""

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

log: structlog.stdlib.BoundLogger = structlog.get_logger("sigmatrader")

registry = CollectorRegistry()
turns_total = Counter(
    "sigmatrader_turns_total", "Turns ended, by outcome", ["outcome"], registry=registry
)
decisions_total = Counter(
    "riskgate_decisions_total", "Gate decisions, by verdict", ["verdict"], registry=registry
)
orders_total = Counter("orders_total", "Orders that reached a state", ["state"], registry=registry)
mcp_calls_total = Counter(
    "sigmatrader_mcp_calls_total", "Calls over MCP, by tool", ["tool", "outcome"], registry=registry
)
model_fallbacks_total = Counter(
    "sigmatrader_model_fallbacks_total",
    "Answers of a language model that could not be used, by part and code",
    ["part", "code"],
    registry=registry,
)
jobs_now = Gauge("sigmatrader_jobs", "Jobs of all workers, by state", ["state"], registry=registry)
jobs_taken_over = Counter(
    "sigmatrader_jobs_taken_over_total", "Jobs taken over from dead workers", registry=registry
)


def configure_logging(level: str) -> None:
    """Write JSON lines to standard error at a level and above."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
