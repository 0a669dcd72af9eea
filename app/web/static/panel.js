/** The book beside the conversation: money, positions, orders and what needs a person. */

import { getJson } from "./api.js";
import { isAsking } from "./confirm.js";
import { clearConnection, showConnection } from "./connection.js";
import { clearControls, showControls } from "./controls.js";
import { byId, el } from "./dom.js";
import { exceptionsList } from "./exceptions.js";
import { clock } from "./format.js";
import { problemNote } from "./problems.js";
import { session } from "./session.js";
import { FINAL_STATES } from "./states.js";
import { foreignOrdersTable, marginsList, ordersTable, positionsTable, protectionsTable } from "./tables.js";

const SHOWN_DONE = 6;
// What moves without us, such as an exception, is read again every so many looks.
const QUIET_ROUNDS = 3;
const book = { asked: 0, open: "", rounds: 0, moving: false, onCard: () => {} };

/** Have a function called when a remedy made a card that waits. */
export function whenCardMade(listener) {
  book.onCard = listener;
}

export function panelShown() {
  return !byId("panel").hidden;
}

export function showPanel(shown) {
  byId("panel").hidden = !shown;
  byId("panel-toggle").setAttribute("aria-expanded", String(shown));
  byId("panel-toggle").classList.toggle("on", shown);
  if (shown) refreshBook();
}

export function clearBook() {
  book.asked += 1;
  book.open = "";
  byId("panel-body").replaceChildren();
  clearConnection();
  clearControls();
}

/** Read the book again and show it; an older answer never replaces a newer one. */
export async function refreshBook({ force = false } = {}) {
  if (!session.account) return;
  const { account_id: accountId, currency } = session.account;
  const mine = ++book.asked;
  const account = `account_id=${encodeURIComponent(accountId)}`;
  const answers = await Promise.allSettled([
    getJson(`/positions?${account}`),
    getJson(`/holdings?${account}`),
    getJson(ordersPath(accountId)),
    getJson(`/exceptions?${account}&limit=50`),
    getJson(`/protections?${account}&limit=50`),
    getJson(`/foreign-orders?${account}&limit=50`),
    showControls(accountId, redraw),
    showConnection(redraw),
  ]);
  if (mine !== book.asked) return;
  const [positions, holdings, orders, exceptions, protections, foreign, state] = answers;
  const all = rowsOf(orders);
  book.open = signature(all);
  book.moving = rowsOf(exceptions).length > 0 || rowsOf(protections).length > 0 || state.value?.state === "DRAINING";
  // A question that waits for an answer is not swept away; its answer reads the book again.
  if (isAsking(byId("panel-body")) && !force) return;
  byId("panel-body").replaceChildren(
    section("Needs you", exceptions, rowsOf(exceptions), (rows) => exceptionsList(rows, afterRemedy)),
    ...moneyOf(positions),
    section("Positions", positions, [...rowsOf(positions), ...rowsOf(holdings)], (rows) => positionsTable(rows, currency), "No positions."),
    section("Stops and targets", protections, rowsOf(protections), (rows) => protectionsTable(rows, currency)),
    section("Open orders", orders, all.filter(isOpen), (rows) => ordersTable(rows, currency), "No open orders."),
    section("Orders of others", foreign, rowsOf(foreign).filter((row) => row.is_open), (rows) => foreignOrdersTable(rows, currency)),
    section("Latest orders", orders, all.filter(isDone).slice(0, SHOWN_DONE), (rows) => ordersTable(rows, currency)),
  );
  byId("panel-time").textContent = clock(new Date().toISOString());
}

/** Look for news: orders alone while all is quiet, the whole book when more may have moved. */
export async function pollBook() {
  if (!session.account || !panelShown() || document.hidden) return;
  book.rounds += 1;
  try {
    if (book.moving || book.rounds % QUIET_ROUNDS === 0) await refreshBook();
    else if (book.open) {
      const { rows } = await getJson(ordersPath(session.account.account_id));
      if (signature(rows) !== book.open) await refreshBook();
    }
  } catch {
    // The next reading says what is wrong; a missed round is not worth a word.
  }
}

async function redraw() {
  await refreshBook({ force: true });
}

/** Show what a remedy came to; a card it made appears in the conversation. */
async function afterRemedy(answer) {
  const plans = answer.remediation?.result?.plans ?? [];
  if (plans.some((plan) => plan.card_id)) book.onCard();
  await redraw();
  const refused = plans.filter((plan) => !plan.card_id).map((plan) => el("p", { class: "note warn" }, plan.message));
  byId("panel-body").prepend(...refused);
}

function ordersPath(accountId) {
  return `/orders?account_id=${encodeURIComponent(accountId)}&limit=50`;
}

function signature(rows) {
  return rows.filter(isOpen).map((row) => `${row.order_id} ${row.state} ${row.filled_quantity}`).join();
}

function rowsOf(answer) {
  return answer.status === "fulfilled" ? answer.value.rows : [];
}

function moneyOf(positions) {
  const { margins, warning } = positions.value ?? {};
  return [
    warning ? el("p", { class: "note warn" }, warning) : null,
    margins ? el("section", {}, marginsList(margins)) : null,
  ].filter(Boolean);
}

/** One part of the book; without `empty` it is left out when there is nothing in it. */
function section(name, answer, rows, draw, empty = null) {
  const failed = answer.status === "rejected";
  if (!failed && !rows.length && !empty) return "";
  const count = rows.length ? el("span", { class: "count" }, String(rows.length)) : null;
  const body = failed ? problemNote(answer.reason) : rows.length ? draw(rows) : el("p", { class: "quiet-text" }, empty);
  return el("section", {}, el("h3", {}, name, count), body);
}

function isOpen(row) {
  return !FINAL_STATES.has(row.state);
}

function isDone(row) {
  return FINAL_STATES.has(row.state);
}
