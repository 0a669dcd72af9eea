"""The template of a broker stays true: it has what the port demands, and reaches nothing."""

import importlib.util
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest

from adapters.errors import BrokerUnavailable
from adapters.ports import BrokerAdapter, BrokerCapabilities
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import MemoryInstruments
from tests.fakes.orders import ACCOUNT, a_tag, an_order

PATH = Path(__file__).parents[3] / "docs" / "howto" / "broker_template.py"
DEMANDED = sorted(name for name in vars(BrokerAdapter) if not name.startswith("_"))


@pytest.fixture(scope="module")
def template() -> ModuleType:
    spec = importlib.util.spec_from_file_location("broker_template", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def broker(template: ModuleType) -> BrokerAdapter:
    made: BrokerAdapter = template.TemplateBroker(
        clock=FakeClock(), ids=CountingIds(), instruments=MemoryInstruments()
    )
    return made


def test_it_has_every_method_of_the_port_with_the_same_arguments(template: ModuleType) -> None:
    assert len(DEMANDED) == 7
    for name in DEMANDED:
        asked, given = getattr(BrokerAdapter, name), getattr(template.TemplateBroker, name)
        if isinstance(asked, property):
            assert isinstance(given, property)
        else:
            assert inspect.signature(given) == inspect.signature(asked)
            assert inspect.iscoroutinefunction(given)


def test_it_declares_capabilities(broker: BrokerAdapter) -> None:
    assert isinstance(broker.capabilities, BrokerCapabilities)


@pytest.mark.parametrize(
    "call",
    [
        lambda broker: broker.get_snapshot(ACCOUNT),
        lambda broker: broker.place_order(an_order()),
        lambda broker: broker.cancel_order(ACCOUNT, "1"),
        lambda broker: broker.get_orders(ACCOUNT),
        lambda broker: broker.get_trades(ACCOUNT),
        lambda broker: broker.find_orders_by_tag(ACCOUNT, a_tag(1)),
    ],
)
async def test_it_refuses_everything_as_surely_not_done(
    broker: BrokerAdapter, call: Callable[[BrokerAdapter], Awaitable[object]]
) -> None:
    with pytest.raises(BrokerUnavailable):
        await call(broker)
