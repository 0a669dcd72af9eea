/** The page: sign-in, accounts, the message box, and the runs they start. */

import { getJson, keepKey, postJson, Problem, readKey, serverNow, whenUnauthorized } from "./api.js";
import { announce, byId, el } from "./dom.js";
import { openOrdersChanged, refreshPanel } from "./panel.js";
import { followRun } from "./run.js";
import { setStatus, showProblem, tick } from "./ticket.js";
import {
  applyEvent, closeQuestions, connection, createEarlier, createRun, createTurn, fail, problemLines, problemNote,
  settle, showCard,
} from "./turns.js";

const POLL_EVERY_MS = 10_000;
const EARLIER_READ = 50;
const EARLIER_SHOWN = 12;
const PAPER_BROKERS = new Set(["paper", "mock"]);
const WIDE = matchMedia("(min-width: 1080px)");
const PLACEHOLDER = byId("message").placeholder;
const EXAMPLES = [
  "buy 10 INFY at market, cnc",
  "buy 50000 worth of SBIN, stop 2%",
  "sell half my INFY",
  "price of RELIANCE",
  "positions",
];

const session = {
  user: null, accounts: [], account: null, threadId: null, running: 0, lastMessage: "", loaded: Promise.resolve(),
};
const desk = {
  cards: new Map(),
  currency: () => session.account?.currency ?? "INR",
  onThread: keepThread,
  onCard: noticeCard,
  onAnswer: (card, value) => send(value, card.thread_id),
  onDecide: decide,
  onStop: stop,
};
const prices = new Set();

start();

function start() {
  takeKeyFromAddress();
  whenUnauthorized((problem) => signOut(problem.message));
  byId("sign-in-form").addEventListener("submit", onSignIn);
  byId("composer").addEventListener("submit", onSubmit);
  byId("message").addEventListener("keydown", onKey);
  byId("message").addEventListener("input", fitMessage);
  byId("account").addEventListener("change", (event) => chooseAccount(event.target.value));
  byId("new-thread").addEventListener("click", startOver);
  byId("sign-out").addEventListener("click", () => signOut());
  byId("panel-toggle").addEventListener("click", () => showPanel(!panelShown()));
  byId("panel-close").addEventListener("click", () => showPanel(false));
  byId("panel-refresh").addEventListener("click", refreshBook);
  addEventListener("hashchange", () => takeKeyFromAddress() && enter());
  addEventListener("keydown", onPageKey);
  showPanel(WIDE.matches);
  showBusy();
  setInterval(keepTime, 1000);
  setInterval(pollBook, POLL_EVERY_MS);
  enter();
}

/* Signing in */

function takeKeyFromAddress() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return false;
  keepKey(key.trim());
  // A key must stay neither in the address bar nor in the history.
  history.replaceState(null, "", location.pathname + location.search);
  return true;
}

async function enter() {
  if (!readKey()) {
    showSignIn();
    return;
  }
  try {
    const me = await getJson("/me");
    session.user = me.user;
    session.accounts = me.accounts;
    showDesk();
  } catch (problem) {
    if (readKey()) showSignIn(problem);
  }
}

function onSignIn(event) {
  event.preventDefault();
  keepKey(byId("key").value.trim());
  byId("key").value = "";
  enter();
}

function signOut(reason = null) {
  keepKey(null);
  Object.assign(session, { user: null, accounts: [], account: null });
  clearConversation();
  showSignIn(reason && new Problem({ code: "UNAUTHORIZED", detail: `The server does not take this key: ${reason}.` }));
}

function showSignIn(problem = null) {
  byId("desk").hidden = byId("tools").hidden = byId("banner").hidden = true;
  byId("sign-in").hidden = false;
  byId("sign-in-error").hidden = !problem;
  byId("sign-in-error").textContent = problem ? [problem.message, problem.remedy].filter(Boolean).join(" ") : "";
  byId("key").focus();
}

function showDesk() {
  byId("sign-in").hidden = true;
  byId("desk").hidden = byId("tools").hidden = byId("banner").hidden = false;
  const options = session.accounts.map((account) =>
    el("option", { value: account.account_id }, `${account.account_id} · ${account.currency}`),
  );
  byId("account").replaceChildren(...options);
  const wanted = sessionStorage.getItem("sigmatrader.account");
  const first = session.accounts.find((account) => account.account_id === wanted)
    ?? session.accounts.find((account) => account.is_default)
    ?? session.accounts[0];
  byId("message").focus();
  if (first) chooseAccount(first.account_id);
  else greet("You have no account to trade in. An admin can make one.");
}

/* Accounts and threads */

function chooseAccount(accountId) {
  session.account = session.accounts.find((account) => account.account_id === accountId);
  sessionStorage.setItem("sigmatrader.account", accountId);
  byId("account").value = accountId;
  session.threadId = sessionStorage.getItem(threadSlot());
  prices.clear();
  showBanner();
  reload();
}

/** Show the conversation as the server has it; a message sent meanwhile waits for it. */
function reload() {
  clearConversation();
  greet();
  byId("turns").setAttribute("aria-busy", "true");
  session.loaded = showEarlier(session.threadId)
    .then(showPending)
    .then(() => byId("turns").removeAttribute("aria-busy"));
  refreshBook();
}

function threadSlot() {
  return `sigmatrader.thread.${session.account.account_id}`;
}

function keepThread(threadId) {
  session.threadId = threadId;
  sessionStorage.setItem(threadSlot(), threadId);
}

function startOver() {
  session.threadId = null;
  sessionStorage.removeItem(threadSlot());
  reload();
  byId("message").focus();
}

function noticeCard(card) {
  if (card.kind === "question" && card.status === "PENDING") expectAnswer(card);
  const known = prices.size;
  for (const quote of card.fields.quotes ?? []) prices.add(quote.source);
  if (prices.size !== known) showBanner();
}

function expectAnswer(card) {
  session.threadId = card.thread_id;
  byId("message").placeholder = `Answer: ${card.fields.question ?? card.title}`;
}

function showBanner() {
  const { broker, mode } = session.account;
  const paper = PAPER_BROKERS.has(broker);
  byId("banner").classList.toggle("real", !paper);
  byId("banner-mode").textContent = paper ? "PAPER" : broker.toUpperCase();
  byId("banner-text").textContent = paper
    ? `${marketKind()}, not live. No real money.`
    : `This account is at a real broker. Its mode is ${mode}.`;
}

function marketKind() {
  if (prices.size !== 1) return "Simulated or replayed market";
  return prices.has("REPLAY") ? "Replayed market" : "Simulated market";
}

/* The conversation */

function clearConversation() {
  desk.cards.clear();
  byId("turns").replaceChildren();
}

function greet(note = null) {
  const examples = EXAMPLES.map((text) =>
    el("button", { type: "button", class: "choice", on: { click: () => fillMessage(text) } }, text),
  );
  byId("turns").append(
    el(
      "div",
      { class: "hello", id: "hello" },
      el("h1", {}, note ?? "What would you like to do?"),
      el("p", {}, "Say it in your own words. Nothing is sent before you approve its card."),
      el("div", { class: "choices" }, examples),
    ),
  );
}

/** Show what was said in this thread before the page was loaded. */
async function showEarlier(threadId) {
  if (!threadId) return;
  try {
    const { rows } = await getJson(`/decisions?limit=${EARLIER_READ}`);
    const said = rows.filter((row) => row.thread_id === threadId).slice(0, EARLIER_SHOWN).reverse();
    if (!said.length || session.threadId !== threadId) return;
    byId("hello")?.remove();
    for (const row of said) createEarlier(byId("turns"), row);
    scrollDown();
  } catch (problem) {
    byId("turns").append(problemNote(problem));
  }
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

function stillOpen(card) {
  return !card.expires_at || Date.parse(card.expires_at) > serverNow();
}

function reshow(waiting) {
  byId("hello")?.remove();
  const turn = createTurn(byId("turns"), { note: waiting.length === 1 ? "This still waits for you" : "These still wait for you" });
  const run = createRun(turn, desk);
  run.steps.element.remove();
  settle(run, true);
  for (const card of [...waiting].reverse()) showCard(run, card);
  reveal(run.element);
}

async function send(message, threadId = session.threadId) {
  session.running += 1;
  showBusy();
  await session.loaded;
  session.running -= 1;
  byId("hello")?.remove();
  session.lastMessage = message;
  if (threadId) closeQuestions(desk, threadId);
  const turn = createTurn(byId("turns"), { said: message });
  const run = createRun(turn, desk, { canStop: true });
  byId("message").placeholder = PLACEHOLDER;
  scrollDown();
  const body = { message, account_id: session.account.account_id, context: { page: "chat" } };
  if (threadId) body.thread_id = threadId;
  try {
    await follow(run, "/chat", body);
  } catch (problem) {
    fail(run, problem);
  }
  reveal(run.element);
  await refreshBook();
}

async function stop(run) {
  if (!run.runId) return;
  try {
    await postJson(`/runs/${encodeURIComponent(run.runId)}/cancel`);
  } catch (problem) {
    announce(problem.message);
  }
}

async function decide(ticket, verb, cardRun) {
  const run = createRun({ element: cardRun.element.parentElement }, desk);
  try {
    await follow(run, `/cards/${encodeURIComponent(ticket.card.id)}/${verb}`, {});
    setStatus(ticket, decidedStatus(run.result, verb));
    cardRun.foot.replaceChildren();
  } catch (problem) {
    run.element.remove();
    showProblem(ticket, problemLines(problem));
    announce(problem.message);
    await learnStatus(ticket);
  }
  reveal(run.element.isConnected ? run.element : ticket.element);
  await refreshBook();
}

/** Say what a card became from what its run came to; without a result only the server knows. */
function decidedStatus(result, verb) {
  if (!result) return "DECIDED";
  if (verb === "reject" || result.outcome === "REJECTED_BY_USER") return "REJECTED";
  const sent = (result.orders ?? []).length > 0;
  return sent ? "APPROVED" : "VOID";
}

/** After a decision that failed, ask the server how the card stands. */
async function learnStatus(ticket) {
  try {
    const { card } = await getJson(`/cards/${encodeURIComponent(ticket.card.id)}`);
    setStatus(ticket, card.status);
  } catch {
    // The server decides once only, so offering the buttons again can do no harm.
    setStatus(ticket, "PENDING");
  }
}

async function follow(run, path, body) {
  session.running += 1;
  showBusy();
  try {
    const over = await followRun({
      path,
      body,
      onEvent: (event) => applyAndShow(run, event),
      onState: (state) => connection(run, state),
    });
    if (!over) settle(run, true);
  } finally {
    session.running -= 1;
    showBusy();
  }
}

function applyAndShow(run, event) {
  const following = nearBottom();
  applyEvent(run, event);
  if (following) reveal(run.element);
}

/* The message box */

function onSubmit(event) {
  event.preventDefault();
  const message = byId("message").value.trim();
  if (!message || session.running || !session.account) return;
  fillMessage("");
  send(message);
}

function onKey(event) {
  const box = event.target;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  } else if (event.key === "Escape") {
    fillMessage("");
  } else if (event.key === "ArrowUp" && box.value === "" && session.lastMessage) {
    event.preventDefault();
    fillMessage(session.lastMessage);
  }
}

function onPageKey(event) {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !typing && !byId("desk").hidden) {
    event.preventDefault();
    byId("message").focus();
  }
  if (event.key === "Escape" && !typing && panelShown() && !WIDE.matches) showPanel(false);
}

function fillMessage(text) {
  byId("message").value = text;
  fitMessage();
  byId("message").focus();
}

function fitMessage() {
  const box = byId("message");
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, 160)}px`);
  showBusy();
}

function showBusy() {
  byId("send").disabled = session.running > 0 || !byId("message").value.trim();
}

/* Book, time and scrolling */

async function refreshBook() {
  if (!session.account) return;
  const { account_id: accountId, currency } = session.account;
  await refreshPanel({ accountId, currency });
}

async function pollBook() {
  if (!session.account || !panelShown() || document.hidden) return;
  if (await openOrdersChanged(session.account.account_id)) await refreshBook();
}

function panelShown() {
  return !byId("panel").hidden;
}

function showPanel(shown) {
  byId("panel").hidden = !shown;
  byId("panel-toggle").setAttribute("aria-expanded", String(shown));
  byId("panel-toggle").classList.toggle("on", shown);
  if (shown) refreshBook();
}

function keepTime() {
  let waiting = 0;
  for (const { ticket } of desk.cards.values()) if (ticket && tick(ticket)) waiting += 1;
  document.title = waiting ? `(${waiting}) SigmaTrader` : "SigmaTrader";
}

function nearBottom() {
  const log = byId("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 160;
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
