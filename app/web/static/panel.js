/** The book beside the conversation: money, positions and orders as the server has them. */

import { getJson } from "./api.js";
import { byId, el } from "./dom.js";
import { clock } from "./format.js";
import { session } from "./session.js";
import { exceptionsTable, marginsList, ordersTable, positionsTable } from "./tables.js";
import { problemNote } from "./turns.js";

const OPEN_STATES = new Set(["PLANNED", "SENDING", "UNKNOWN", "OPEN", "PARTIALLY_FILLED"]);
const SHOWN_DONE = 6;
const book = { asked: 0, open: "" };

export function panelShown() {
  return !byId("panel").hidden;
}

export function showPanel(shown) {
  byId("panel").hidden = !shown;
  byId("panel-toggle").setAttribute("aria-expanded", String(shown));
  byId("panel-toggle").classList.toggle("on", shown);
  if (shown) refreshBook();
}

/** Read the book again and show it; an older answer never replaces a newer one. */
export async function refreshBook() {
  if (!session.account) return;
  const { account_id: accountId, currency } = session.account;
  const mine = ++book.asked;
  const account = `account_id=${encodeURIComponent(accountId)}`;
  const paths = [`/positions?${account}`, `/holdings?${account}`, ordersPath(accountId), "/exceptions?limit=50"];
  const [positions, holdings, orders, exceptions] = await Promise.allSettled(paths.map(getJson));
  if (mine !== book.asked) return;
  const all = rowsOf(orders);
  book.open = signature(all);
  byId("panel-body").replaceChildren(
    ...moneyOf(positions),
    section("Positions", positions, [...rowsOf(positions), ...rowsOf(holdings)], (rows) => positionsTable(rows, currency), "No positions."),
    section("Open orders", orders, all.filter(isOpen), (rows) => ordersTable(rows, currency), "No open orders."),
    section("Latest orders", orders, all.filter(isDone).slice(0, SHOWN_DONE), (rows) => ordersTable(rows, currency)),
    section("Exceptions", exceptions, rowsOf(exceptions).filter((row) => row.account_id === accountId), exceptionsTable),
  );
  byId("panel-time").textContent = clock(new Date().toISOString());
}

/** Read the book again when an open order has moved: asking for orders alone is cheap. */
export async function pollBook() {
  if (!session.account || !book.open || !panelShown() || document.hidden) return;
  try {
    const { rows } = await getJson(ordersPath(session.account.account_id));
    if (signature(rows) !== book.open) await refreshBook();
  } catch {
    // The next reading says what is wrong; a missed round is not worth a word.
  }
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
  return OPEN_STATES.has(row.state);
}

function isDone(row) {
  return !isOpen(row);
}
