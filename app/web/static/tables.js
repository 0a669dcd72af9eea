/** Tables of positions, orders, quotes and money, shared by cards and the side panel. */

import { el } from "./dom.js";
import { stateMeaning } from "./states.js";
import {
  clock, decimal, instrumentParts, instrumentText, less, money, NOTHING, roundedMoney, sentenceCase, signOf, words,
} from "./format.js";

const STATE_TONES = {
  FILLED: "good", COMPLETE: "good", ACKED: "live", OPEN: "live", PARTIALLY_FILLED: "live", SENDING: "live",
  REJECTED: "bad", UNKNOWN: "bad", NOT_SENT: "bad",
};

/** A table; a column is {label, cell(row), number?}. */
export function table(columns, rows, caption) {
  const head = columns.map((column) => el("th", { scope: "col", class: column.number && "num" }, column.label));
  const body = rows.map((row) => el("tr", {}, columns.map((column) => cell(column, row))));
  return el(
    "div",
    { class: "table-wrap", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", { class: "sr-only" }, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)),
  );
}

function cell(column, row) {
  return el("td", { class: column.number && "num" }, column.cell(row));
}

export function symbolCell(value) {
  return el("span", { class: "symbol", title: instrumentText(value) }, instrumentParts(value).symbol);
}

function exchangeAnd(value, other) {
  return [instrumentParts(value).exchange, other].filter(Boolean).join(" · ");
}

export function sideChip(side) {
  return el("span", { class: `side ${side === "SELL" ? "sell" : "buy"}` }, side);
}

export function stateChip(state) {
  return el("span", { class: `chip ${STATE_TONES[state] ?? ""}`, title: stateMeaning(state) }, words(state));
}

export function gain(text, currency) {
  if (text === null || text === undefined) return NOTHING;
  const sign = signOf(text);
  const shown = roundedMoney(text, currency);
  return el("span", { class: ["loss", "flat", "profit"][sign + 1], title: text }, sign > 0 ? `+${shown}` : shown);
}

function stacked(main, below) {
  return el("span", { class: "stacked" }, main, below ? el("small", {}, below) : null);
}

/** Positions; prices and gains are shown where the server gave any. */
export function positionsTable(rows, currency) {
  const priced = rows.some((row) => row.last);
  return table(
    [
      { label: "Instrument", cell: (row) => stacked(symbolCell(row.instrument), exchangeAnd(row.instrument, row.product)) },
      { label: "Qty", number: true, cell: (row) => decimal(row.quantity, { currency }) },
      {
        label: priced ? "Avg / last" : "Average",
        number: true,
        cell: (row) => stacked(roundedMoney(row.average_price, currency), row.last ? roundedMoney(row.last, currency) : null),
      },
      priced && { label: "P&L", number: true, cell: (row) => gain(row.unrealised_pnl, currency) },
    ].filter(Boolean),
    rows,
    "Positions",
  );
}

export function quotesTable(rows, currency) {
  // A quote names no currency, and an instrument need not trade in the account's.
  const price = (name) => (row) => decimal(row[name], { currency, places: 2 });
  return table(
    [
      { label: "Instrument", cell: (row) => stacked(symbolCell(row.instrument), exchangeAnd(row.instrument, words(row.source))) },
      { label: "Last", number: true, cell: (row) => stacked(price("last")(row), clock(row.as_of)) },
      { label: "Bid", number: true, cell: price("bid") },
      { label: "Ask", number: true, cell: price("ask") },
    ],
    rows,
    "Prices",
  );
}

export function ordersTable(rows, currency) {
  return table(
    [
      { label: "Order", cell: (row) => stacked(orderName(row), orderTerms(row, currency)) },
      { label: "Filled", number: true, cell: (row) => stacked(filled(row, currency), averagePrice(row, currency)) },
      { label: "State", number: true, cell: (row) => stacked(stateChip(row.state), row.reason && el("span", { class: "reason" }, row.reason)) },
    ],
    rows,
    "Orders",
  );
}

/** Orders at the broker that others placed; we count them and never touch them. */
export function foreignOrdersTable(rows, currency) {
  return table(
    [
      { label: "Order", cell: (row) => stacked(orderName(row, el("span", { class: "chip", title: "Placed outside SigmaTrader: it is counted while it is open and never cancelled by us." }, "not ours")), orderTerms(row, currency)) },
      { label: "Filled", number: true, cell: (row) => filled(row, currency) },
      { label: "State", number: true, cell: (row) => stateChip(row.status) },
    ],
    rows,
    "Orders that are not ours",
  );
}

/** Entries with a stop or target: where each is, and who holds it. */
export function protectionsTable(rows, currency) {
  return table(
    [
      { label: "Entry", cell: (row) => stacked(orderName(row), `${decimal(row.filled_quantity, { currency })} filled`) },
      { label: "Stop", cell: (row) => held(row.stop, currency) },
      { label: "Target", cell: (row) => stacked(held(row.target, currency), row.note && el("span", { class: "reason" }, row.note)) },
    ],
    rows,
    "Stops and targets",
  );
}

function held(part, currency) {
  return part ? stacked(money(part.price, currency), el("span", { class: "reason" }, part.state)) : NOTHING;
}

function orderName(row, mark = null) {
  return el("span", { class: "order-name" }, sideChip(row.side), symbolCell(row.instrument), mark);
}

function orderTerms(row, currency) {
  const price = row.limit_price ? ` at ${money(row.limit_price, currency)}` : "";
  const trigger = row.trigger_price ? ` trigger ${money(row.trigger_price, currency)}` : "";
  return `${row.order_type ?? ""}${price}${trigger} ${row.product ?? ""}`.trim();
}

function averagePrice(row, currency) {
  return row.average_price ? `at ${roundedMoney(row.average_price, currency)}` : null;
}

function filled(row, currency) {
  return `${decimal(row.filled_quantity, { currency })} of ${decimal(row.quantity, { currency })}`;
}

export function marginsList(margins) {
  const { currency } = margins;
  const invested = less(margins.equity, margins.available, margins.used);
  const rows = [
    ["Equity", money(margins.equity, currency)],
    ["Available", money(margins.available, currency)],
  ];
  if (signOf(invested) > 0) rows.push(["In positions", roundedMoney(invested, currency)]);
  if (signOf(margins.used) > 0 || signOf(invested) <= 0) rows.push(["Blocked as margin", money(margins.used, currency)]);
  if (margins.start_of_day_equity) rows.push(["Start of day", money(margins.start_of_day_equity, currency)]);
  return el("dl", { class: "margins" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

export function exceptionsTable(rows) {
  return table(
    [
      { label: "What", cell: (row) => stacked(row.message ?? row.delta?.message ?? NOTHING, words(row.kind)) },
      { label: "Severity", cell: (row) => ({ H: "high", M: "medium", L: "low" })[row.severity] ?? words(row.severity) },
    ],
    rows,
    "Exceptions",
  );
}

/** Rows of facts this page has no table for. */
export function plainTable(name, rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 6);
  const columns = names.map((key) => ({ label: sentenceCase(words(key)), cell: (row) => plain(row[key]) }));
  return table(columns, rows, sentenceCase(words(name)));
}

export function plain(value) {
  if (value === null || value === undefined || value === "") return NOTHING;
  if (typeof value !== "object") return String(value);
  return value.tradingsymbol ? instrumentText(value) : JSON.stringify(value);
}
