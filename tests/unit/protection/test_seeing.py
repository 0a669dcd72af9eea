"""What other orders may still close of a position, however old the book is."""

from datetime import timedelta
from decimal import Decimal

from app.persistence.orders import OrderRecord
from app.protection.seeing import Line, _leaving
from riskgate.contracts.orders import OrderState, Product, Side
from tests.fakes.instruments import INFY
from tests.fakes.orders import an_order
from tests.unit.protection.test_desired import NOW
from tests.unit.riskgate.builders import a_snapshot


def test_what_an_open_exit_filled_after_the_book_was_read_is_not_held_any_more() -> None:
    book = a_snapshot(as_of=NOW, positions=(), holdings=(), orders=())
    leaving = OrderRecord(
        intent=an_order(side=Side.SELL, quantity="50", limit="1000", product=Product.MIS),
        approval_id="apr-1",
        payload_hash="hash",
        state=OrderState.PARTIALLY_FILLED,
        broker_order_id="b1",
        filled_quantity=Decimal(30),
        cancelled_quantity=Decimal(0),
        average_price=Decimal(1000),
        reason=None,
        send_by=NOW,
        created_at=NOW - timedelta(minutes=1),
        sent_at=NOW - timedelta(minutes=1),
        updated_at=NOW + timedelta(seconds=1),
    )
    line = Line(
        instrument=INFY, product=Product.MIS, side=Side.BUY, records=(), plans=(), ours=(leaving,)
    )
    assert _leaving(line, book, [leaving]) == 50
