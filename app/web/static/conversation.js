/** The conversation: what was said before, new messages, and decisions on cards. */

import { getJson, postJson, serverNow } from "./api.js";
import { noticePrices } from "./banner.js";
import { expectAnswer, fillMessage, showBusy } from "./composer.js";
import { logIn } from "./connection.js";
import { announce, byId, el } from "./dom.js";
import { takeFiles } from "./files.js";
import { listThreads, showTurns } from "./history.js";
import { refreshBook, showPanel, whenCardMade } from "./panel.js";
import { problemLines, problemNote } from "./problems.js";
import { followRun } from "./run.js";
import { keepThread, session } from "./session.js";
import { setStatus, showProblem, tick } from "./ticket.js";
import {
  applyEvent, carriesOn, carryOn, closeQuestions, connection, createRun, createTurn, fail, settle,
  showCard, showExpired,
} from "./turns.js";

const NEAR_PX = 160;
const EXAMPLES = [
  "buy 10 INFY at market, cnc",
  "buy 50000 worth of SBIN, stop 2%",
  "sell half my INFY",
  "price of RELIANCE",
  "positions",
];

const desk = {
  cards: new Map(),
  currency: () => session.account?.currency ?? "INR",
  onThread: keepThread,
  onCard: noticeCard,
  onAnswer: (card, value) => (card.fields.asks_for ? choose(card, value) : send(value, card.thread_id)),
  onConnect: connect,
  onDecide: decide,
  onStop: stop,
};

// A card that an exception's remedy made is shown where cards are decided on.
whenCardMade(showPending);

export function clearConversation() {
  desk.cards.clear();
  byId("turns").replaceChildren();
  expectAnswer(null);
}

/** Show the conversation as the server has it; a message sent meanwhile waits for it. */
export function loadConversation() {
  clearConversation();
  greet("What would you like to do?");
  byId("turns").setAttribute("aria-busy", "true");
  session.loaded = showEarlier(session.threadId)
    .then(showPending)
    .then(() => byId("turns").removeAttribute("aria-busy"));
}

export function greet(title) {
  const examples = EXAMPLES.map((text) =>
    el("button", { type: "button", class: "choice", on: { click: () => fillMessage(text) } }, text),
  );
  byId("turns").append(
    el(
      "div",
      { class: "hello", id: "hello" },
      el("h1", {}, title),
      el("p", {}, "Say it in your own words. Nothing is sent before you approve its card."),
      el("div", { class: "choices" }, examples),
    ),
  );
}

/** Send a message and follow its run. */
export async function send(message, threadId = session.threadId) {
  const { account_id: accountId } = session.account;
  const files = takeFiles();
  await during("sending", () => session.loaded);
  for (const list of document.querySelectorAll("#hello, .threads")) list.remove();
  if (threadId) closeQuestions(desk, threadId);
  const run = createRun(createTurn(byId("turns"), { said: message, files }), desk, { isMessage: true });
  expectAnswer(null);
  scrollDown();
  const body = { message, account_id: accountId, context: { page: "chat", ...(session.focus && { focus_symbol: session.focus }) } };
  if (threadId) body.thread_id = threadId;
  if (files.length) body.files = files.map((file) => file.file_id);
  try {
    await during("sending", () => follow(run, "/chat", body));
  } catch (problem) {
    fail(run.latest ?? run, problem);
  }
  reveal((run.latest ?? run).element);
  await refreshBook();
}

/** Count down the waiting tickets; returns how many there are. */
export function keepTime() {
  return [...desk.cards.values()].filter((known) => known.ticket && stillWaits(known)).length;
}

function stillWaits({ ticket, run }) {
  const waited = ticket.status === "PENDING";
  const waits = tick(ticket);
  if (waited && ticket.status === "EXPIRED") showExpired(run);
  return waits;
}

/** Show what was said in this thread before the page was loaded. */
async function showEarlier(threadId) {
  if (!threadId) return;
  try {
    if (await showTurns(threadId, desk)) scrollDown();
  } catch (problem) {
    byId("turns").append(problemNote(problem));
  }
}

/** List the earlier conversations, to go on with one of them. */
export function showThreads() {
  clearConversation();
  session.loaded = listThreads((threadId) => {
    keepThread(threadId);
    loadConversation();
  });
}

async function showPending() {
  const { account_id: accountId } = session.account;
  try {
    const { rows } = await getJson("/cards?status=PENDING");
    const waiting = rows.filter((card) => card.account_id === accountId && stillOpen(card) && !desk.cards.has(card.id));
    if (waiting.length && session.account.account_id === accountId) reshow(waiting);
  } catch (problem) {
    byId("turns").append(problemNote(problem));
  }
}

/** Show the card that the address named, decided or not, and bring it into sight. */
export async function showCardAsked(card) {
  await session.loaded;
  if (card.account_id !== session.account.account_id) return;
  if (!desk.cards.has(card.id)) reshow([card], "This card was asked for");
  const known = desk.cards.get(card.id);
  if (known?.ticket) reveal(known.ticket.element);
}

function stillOpen(card) {
  return !card.expires_at || Date.parse(card.expires_at) > serverNow();
}

function reshow(waiting, note = waiting.length === 1 ? "This still waits for you" : "These still wait for you") {
  byId("hello")?.remove();
  const turn = createTurn(byId("turns"), { note });
  const run = createRun(turn, desk);
  run.steps.element.remove();
  settle(run, true);
  for (const card of [...waiting].reverse()) showCard(run, card);
  reveal(run.element);
}

/** Say how much a model may see; only this route takes that, and the message is then read again. */
async function choose(card, choice) {
  const run = createRun(createTurn(byId("turns"), { said: choice }), desk);
  try {
    const path = `/cards/${encodeURIComponent(card.id)}/portfolio-detail`;
    await during("sending", () => follow(run, path, { choice }));
  } catch (problem) {
    fail(run, problem);
  }
  reveal(run.element);
}

async function stop(run) {
  if (!run.runId) return;
  try {
    await postJson(`/runs/${encodeURIComponent(run.runId)}/cancel`);
  } catch (problem) {
    announce(problem.message);
  }
}

async function decide(ticket, verb, body, cardRun) {
  const run = createRun({ element: cardRun.element.parentElement }, desk);
  try {
    const path = `/cards/${encodeURIComponent(ticket.card.id)}/${verb}`;
    await during("deciding", () => follow(run, path, body));
    await learnStatus(ticket, "DECIDED");
    cardRun.foot.replaceChildren();
  } catch (problem) {
    if (run.runId) fail(run, problem);
    else run.element.remove();
    showProblem(ticket, problemLines(problem));
    announce(problem.message);
    // The server takes one decision only, so offering the buttons again can do no harm.
    await learnStatus(ticket, "PENDING");
  }
  reveal(run.element.isConnected ? run.element : ticket.element);
  await refreshBook();
}

/** Log in where the login is shown, in the side panel; the click that asked opens the tab. */
function connect({ fields }) {
  if (fields.state !== "ACTIVE") logIn(refreshBook);
  showPanel(true);
}

/** Ask the server how a card stands; only it knows. */
async function learnStatus(ticket, otherwise) {
  try {
    const { card } = await getJson(`/cards/${encodeURIComponent(ticket.card.id)}`);
    setStatus(ticket, card.status);
  } catch {
    setStatus(ticket, otherwise);
  }
}

async function follow(run, path, body) {
  let now = run;
  const over = await followRun({
    path,
    body,
    onEvent: (event) => {
      if (carriesOn(now, event)) run.latest = now = carryOn(now);
      applyAndShow(now, event);
    },
    onState: (state) => connection(now, state),
  });
  if (!over) settle(now, true);
}

/** Keep count of what goes on, "sending" or "deciding", for the controls that must wait. */
async function during(what, work) {
  session[what] += 1;
  showBusy();
  try {
    return await work();
  } finally {
    session[what] -= 1;
    showBusy();
  }
}

function applyAndShow(run, event) {
  const following = nearBottom();
  applyEvent(run, event);
  if (following) reveal(run.element);
}

function noticeCard(card) {
  noticePrices(card);
  if (card.kind !== "question" || card.status !== "PENDING") return;
  keepThread(card.thread_id);
  expectAnswer(card.fields.question ?? card.title);
}

function nearBottom() {
  const log = byId("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
}

/** Show an element's end, but never scroll a card's head out of sight. */
function reveal(element) {
  const log = byId("log");
  const top = (node) => node.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop;
  const head = element.querySelector(".card") ?? element;
  const end = top(element) + element.offsetHeight + 20 - log.clientHeight;
  if (end > log.scrollTop) log.scrollTop = Math.min(end, top(head) - 12);
}

function scrollDown() {
  const log = byId("log");
  log.scrollTop = log.scrollHeight;
}
