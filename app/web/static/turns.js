/** The conversation's turns: what was said, what a run does, and the cards it shows. */

import { closeQuestion, createCard, spoken } from "./cards.js";
import { announce, copyable, el } from "./dom.js";
import { filesSaid } from "./files.js";
import { besidesCards } from "./echo.js";
import { clock, words } from "./format.js";
import { problemNote } from "./problems.js";
import { createSteps, say, stepFinished, stepsEnded, stepStarted, toolSaid, toolStarted } from "./steps.js";
import { createTicket, setStatus } from "./ticket.js";

const TONES = {
  EXECUTED: "good", PARTIALLY_EXECUTED: "warn", DENIED: "bad", NOT_EXECUTED: "bad", OUTCOME_UNKNOWN: "bad", FAILED: "bad",
};

/** Start a turn; `said` is the person's own words, `files` what was attached to them, `note` a line for a turn that has none. */
export function createTurn(list, { said = null, note = null, files = [] } = {}) {
  const element = el(
    "article",
    { class: "turn" },
    said === null ? null : el("p", { class: "said" }, said),
    filesSaid(files),
    note === null ? null : el("p", { class: "turn-note" }, note),
  );
  list.append(element);
  return { element };
}

/** Say under a run of before how it ended. */
export function showEnd(run, { outcome, decision_id: decisionId, ended_at: at }) {
  run.decisionId = decisionId;
  run.foot.replaceChildren(...footer(outcomeChip(outcome), decisionId, at ?? undefined));
}

/** Start one run inside a turn: a message's own, or the one that a decision on its card wakes. */
export function createRun(turn, desk, { isMessage = false } = {}) {
  const run = {
    desk,
    isMessage,
    steps: createSteps(isMessage ? () => desk.onStop(run) : null),
    cards: el("div", { class: "cards" }),
    text: el("div", { class: "answer" }),
    foot: el("footer", { class: "run-foot" }),
    problems: el("div", { class: "problems" }),
    messages: new Map(),
    runId: null,
    decisionId: null,
  };
  run.element = el("div", { class: "run", "aria-busy": "true" }, run.steps.element, run.cards, run.text, run.problems, run.foot);
  turn.element.append(run.element);
  return run;
}

const APPLY = {
  RUN_STARTED: (run, event) => {
    run.runId = event.runId;
    if (run.isMessage) run.desk.onThread(event.threadId);
  },
  STEP_STARTED: (run, event) => stepStarted(run.steps, event.stepName),
  STEP_FINISHED: (run, event) => stepFinished(run.steps, event.stepName),
  TOOL_CALL_START: (run, event) => toolStarted(run.steps, event),
  TOOL_CALL_RESULT: (run, event) => toolSaid(run.steps, event),
  ACTIVITY_SNAPSHOT: (run, event) => showCard(run, event.content),
  TEXT_MESSAGE_START: (run, event) => startText(run, event.messageId),
  TEXT_MESSAGE_CONTENT: (run, event) => startText(run, event.messageId).append(event.delta),
  TEXT_MESSAGE_END: (run, event) => endText(run, event.messageId),
  RUN_FINISHED: (run, event) => finish(run, event.result ?? {}),
  RUN_ERROR: (run, event) => fail(run, { code: event.code ?? "RUN_FAILED", message: event.message, remedy: "" }),
};

/** Apply one AG-UI event; types this page has nothing to show for are passed over. */
export function applyEvent(run, event) {
  APPLY[event.type]?.(run, event);
}

/** Put a card before the person, replacing an earlier state of the same card; `quiet` says nothing aloud. */
export function showCard(run, card, { quiet = false } = {}) {
  const { desk } = run;
  const known = desk.cards.get(card.id);
  if (known?.ticket) {
    setStatus(known.ticket, card.status);
    return;
  }
  const made = makeCard(run, card);
  if (known) known.element.replaceWith(made.element);
  else run.cards.append(made.element);
  desk.cards.set(card.id, made);
  desk.onCard(card);
  if (!quiet) announce(spoken(card));
}

function makeCard(run, card) {
  const { desk } = run;
  if (card.kind === "trade_plan") {
    const ticket = createTicket(card, { onDecide: (verb, body) => desk.onDecide(ticket, verb, body, run) });
    return { card, ticket, run, element: ticket.element };
  }
  const element = createCard(card, { currency: desk.currency(), onAnswer: desk.onAnswer, onConnect: () => desk.onConnect(card) });
  return { card, element, run };
}

/** Switch off the open questions of a thread, once the person went on. */
export function closeQuestions(desk, threadId) {
  for (const { card, element } of desk.cards.values()) {
    if (card.kind === "question" && card.thread_id === threadId) closeQuestion(element);
  }
}

function startText(run, messageId) {
  let paragraph = run.messages.get(messageId);
  if (!paragraph) {
    paragraph = el("p", {});
    run.messages.set(messageId, paragraph);
    run.text.append(paragraph);
  }
  return paragraph;
}

/** What the cards above say in the same words is not said twice. */
function endText(run, messageId) {
  const paragraph = run.messages.get(messageId);
  const text = paragraph?.textContent ?? "";
  announce(text);
  const cards = [...run.desk.cards.values()].filter((known) => known.run === run).map(({ card }) => card);
  const left = besidesCards(cards, text);
  if (left) paragraph.textContent = left;
  else paragraph?.remove();
}

export function connection(run, state) {
  if (state !== "live") say(run.steps, `Connection lost; picking it up again (${state.resuming} of ${state.of})`);
}

function finish(run, result) {
  const { decision_id: decisionId, outcome } = result;
  settle(run, true);
  run.decisionId = decisionId;
  run.foot.replaceChildren(...footer(outcomeChip(outcome), decisionId));
}

/** Say under a run that its card expired: the server ends its turn by itself. */
export function showExpired(run) {
  if (run.decisionId) run.foot.replaceChildren(...footer(outcomeChip("NOT_EXECUTED"), run.decisionId));
}

/** Whether an event begins another run: the one that carries out what a message approved itself. */
export function carriesOn(run, event) {
  return event.type === "RUN_STARTED" && run.runId !== null && run.runId !== event.runId;
}

/** Go on with another run below this one, whose cards wait no longer. */
export function carryOn(run) {
  for (const known of run.desk.cards.values()) {
    if (known.run === run && known.ticket) setStatus(known.ticket, "APPROVED");
  }
  run.foot.replaceChildren();
  return createRun({ element: run.element.parentElement }, run.desk);
}

function outcomeChip(outcome) {
  return outcome ? el("span", { class: `chip ${TONES[outcome] ?? ""}` }, words(outcome)) : null;
}

/** What stands under a turn: its outcome, its decision and its time. */
function footer(chip, decisionId, at = new Date().toISOString()) {
  const decision = decisionId ? el("span", { class: "decision" }, "Decision ", copyable(decisionId, "decision id")) : null;
  return [chip, decision, el("time", { datetime: at }, clock(at))].filter(Boolean);
}

/** End a run with a readable note. */
export function fail(run, problem) {
  settle(run, false);
  // What the turn said of its own end is not said twice.
  for (const paragraph of run.messages.values()) if (paragraph.textContent.includes(problem.message)) paragraph.remove();
  run.problems.append(problemNote(problem));
  announce(problem.message);
}

export function settle(run, wellDone) {
  run.element.removeAttribute("aria-busy");
  stepsEnded(run.steps, wellDone);
}
