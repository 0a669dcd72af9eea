/** The page: signing in, choosing an account, and wiring the parts together. */

import { getJson, keepKey, Problem, readKey, whenUnauthorized } from "./api.js";
import { showBanner } from "./banner.js";
import { focusMessage, showFocus, startComposer } from "./composer.js";
import { clearConversation, greet, keepTime, loadConversation, send, showCardAsked, showThreads } from "./conversation.js";
import { byId, el } from "./dom.js";
import { clearBook, panelShown, pollBook, refreshBook, showPanel } from "./panel.js";
import { forgetAll, forgetThread, keepAccount, preferredAccount, session } from "./session.js";

const POLL_EVERY_MS = 10_000;
const WIDE = matchMedia("(min-width: 1080px)");

start();

function start() {
  takeFromAddress();
  whenUnauthorized((problem) => signOut(problem.message));
  startComposer(send);
  byId("sign-in-form").addEventListener("submit", onSignIn);
  byId("account").addEventListener("change", (event) => chooseAccount(event.target.value));
  byId("new-thread").addEventListener("click", startOver);
  byId("earlier").addEventListener("click", showThreads);
  byId("sign-out").addEventListener("click", () => signOut());
  byId("panel-toggle").addEventListener("click", () => showPanel(!panelShown()));
  byId("panel-close").addEventListener("click", () => showPanel(false));
  byId("panel-body").addEventListener("click", onBook);
  byId("focus-clear").addEventListener("click", () => chooseFocus(null));
  byId("panel-refresh").addEventListener("click", refreshBook);
  addEventListener("hashchange", onAddress);
  addEventListener("keydown", onKey);
  showPanel(WIDE.matches);
  setInterval(showTime, 1000);
  setInterval(pollBook, POLL_EVERY_MS);
  enter();
}

/** Take a key to sign in with, or the card to show, from the address; returns what there was. */
function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const key = given.get("key");
  const card = given.get("card");
  if (!key && !card) return null;
  if (key) keepKey(key.trim());
  session.asked = card;
  // A key must stay neither in the address bar nor in the history.
  history.replaceState(null, "", location.pathname + location.search);
  return { key, card };
}

/** A page that is open already stays as it is and only shows the card, under nobody's click. */
async function onAddress() {
  const given = takeFromAddress();
  if (!given) return;
  if (given.key || !session.account) {
    enter();
    return;
  }
  const card = await cardAsked();
  if (!card) return;
  if (card.account_id !== session.account.account_id) chooseAccount(card.account_id);
  showCardAsked(card);
}

async function enter() {
  if (!readKey()) {
    showSignIn();
    return;
  }
  try {
    const me = await getJson("/me");
    session.accounts = me.accounts;
    session.roles = me.user.roles;
    const card = await cardAsked();
    if (card) keepAccount(session.accounts.find((account) => account.account_id === card.account_id));
    showDesk();
    if (card) showCardAsked(card);
  } catch (problem) {
    if (readKey()) showSignIn(problem);
  }
}

/** The card that the address named, if it is there and may be seen. */
async function cardAsked() {
  const id = session.asked;
  session.asked = null;
  if (!id) return null;
  try {
    return (await getJson(`/cards/${encodeURIComponent(id)}`)).card;
  } catch {
    return null;
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
  forgetAll();
  showFocus(null);
  clearConversation();
  clearBook();
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
  focusMessage();
  const first = preferredAccount();
  if (first) chooseAccount(first.account_id);
  else greet("You have no account to trade in. An admin can make one.");
}

function chooseAccount(accountId) {
  keepAccount(session.accounts.find((account) => account.account_id === accountId));
  byId("account").value = accountId;
  showBanner();
  loadConversation();
  clearBook();
  refreshBook();
}

/** A click on an instrument of the book makes it the one that words without a name are about. */
function onBook(event) {
  const symbol = event.target.closest(".symbol");
  if (symbol?.title) chooseFocus(symbol.title);
}

function chooseFocus(symbol) {
  session.focus = symbol;
  showFocus(symbol);
  focusMessage();
}

function startOver() {
  forgetThread();
  loadConversation();
  focusMessage();
}

function onKey(event) {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !typing && !byId("desk").hidden) {
    event.preventDefault();
    focusMessage();
  }
  if (event.key === "Escape" && !typing && panelShown() && !WIDE.matches) showPanel(false);
}

function showTime() {
  const waiting = keepTime();
  document.title = waiting ? `(${waiting}) SigmaTrader` : "SigmaTrader";
}
