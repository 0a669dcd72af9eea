"""What people let language models see."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.api.deps import Decider, Running
from app.api.routes.chat import turn_answer
from app.api.sse import stream, wants_stream
from app.conversation.starting import TurnRequest
from app.understanding.limits import Choice
from riskgate.contracts.base import Contract

router = APIRouter(prefix="/api/v1", tags=["models"])


class SightChoice(Contract):
    """How long a model may see what one holds: for this message, for the session, or not."""

    choice: Choice


@router.post(
    "/cards/{card_id}/portfolio-detail",
    operation_id="decide_portfolio_detail",
    response_model=None,
)
async def decide_portfolio_detail(
    card_id: str, body: SightChoice, request: Request, running: Running, user: Decider
) -> Response:
    """Answer a card that asks for more of the portfolio; the message is then read again."""
    granted = await running.grants.decide(user, card_id, body.choice)
    again = TurnRequest(
        message=granted.origin.message,
        thread_id=granted.origin.thread_id,
        run_id=granted.run_id,
        account_id=granted.origin.account_id,
    )
    run = await running.conversation.start(user, again)
    if wants_stream(request):
        return stream(run.run_id, running.conversation.follow(user, run.run_id, after=0))
    return JSONResponse(turn_answer(await running.conversation.result(user, run)))
