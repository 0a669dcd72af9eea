"""One StateGraph a turn: parse, look, plan, gate, card, wait, execute, reconcile, explain."""

from typing import TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents import routing
from agents.context import TurnContext
from agents.nodes.answer import answer
from agents.nodes.ask import ask
from agents.nodes.cancel import cancel
from agents.nodes.card import await_approval, card
from agents.nodes.execute import execute, reconcile
from agents.nodes.explain import explain
from agents.nodes.gate import gate
from agents.nodes.gather import gather
from agents.nodes.parse import parse
from agents.nodes.plan import plan
from agents.state import TurnState

TurnGraph: TypeAlias = CompiledStateGraph[TurnState, TurnContext, TurnState, TurnState]


def build_graph(saver: BaseCheckpointSaver[str]) -> TurnGraph:
    """Compile the graph of a turn on a durable saver.

    The card is explained before the turn sleeps, so that a person knows what it waits for.
    """
    graph = StateGraph(TurnState, TurnContext)
    graph.add_node("parse", parse)
    graph.add_node("ask", ask)
    graph.add_node("answer", answer)
    graph.add_node("cancel", cancel)
    graph.add_node("gather", gather)
    graph.add_node("plan", plan)
    graph.add_node("gate", gate)
    graph.add_node("card", card)
    graph.add_node("present", explain)
    graph.add_node("await_approval", await_approval)
    graph.add_node("execute", execute)
    graph.add_node("reconcile", reconcile)
    graph.add_node("explain", explain)
    graph.add_edge(START, "parse")
    graph.add_conditional_edges("parse", routing.after_parse)
    graph.add_edge("ask", "explain")
    graph.add_edge("answer", "explain")
    graph.add_edge("cancel", "explain")
    graph.add_conditional_edges("gather", routing.after_gather)
    graph.add_conditional_edges("plan", routing.after_plan)
    graph.add_conditional_edges("gate", routing.after_gate)
    graph.add_edge("card", "present")
    graph.add_edge("present", "await_approval")
    graph.add_edge("await_approval", "execute")
    graph.add_conditional_edges("execute", routing.after_execute)
    graph.add_edge("reconcile", "explain")
    graph.add_edge("explain", END)
    return graph.compile(checkpointer=saver)
