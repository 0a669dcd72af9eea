/** What an insight card holds, part by part: facts, tables, small charts, and the evidence of them. */

import { barsFigure, exposureCharts, group } from "./charts.js";
import { el } from "./dom.js";
import { fileColumns, fileDifferences, fileFigures, fileHead, fileTables } from "./files.js";
import { clock, dayAndClock, decimal, hundredfold, instrumentParts, instrumentText, money, NOTHING, rounded, roundedMoney, sentenceCase, words } from "./format.js";
import { linesFigure } from "./lines.js";
import {
  exceptionsTable, gain, marginsList, ordersTable, plain, plainTable, positionsTable, quotesTable, sideChip, symbolCell, table,
} from "./tables.js";
import { violationList, wouldPass } from "./verdict.js";

const EMPTY = {
  positions: "No positions.",
  holdings: "No holdings.",
  quotes: "No prices.",
  orders: "No orders yet.",
  fills: "Nothing has filled since the day began.",
  exceptions: "Nothing needs your attention.",
  stops: "No stops or targets are kept.",
  realised: "Nothing was closed today.",
  file_differences: "Nothing differs.",
};
const COUNTED = new Set(["orders", "positions", "messages", "units"]);
const LOUD = { UP: "profit", DOWN: "loss" };
const NOTES = {
  NO_CANDLES: "No daily bars of it are here.",
  INSUFFICIENT_CANDLES: "Fewer than 55 daily bars: some figures are missing or young.",
};
// How each field is drawn; each is given its value, the currency and all the fields.
const PARTS = {
  warning: (text) => el("p", { class: "note warn" }, text),
  help: (text) => el("p", {}, text),
  margins: (value) => marginsList(value),
  decision: decisionFacts,
  what_if: whatIfFacts,
  violations: (rows) => violationList(rows),
  would_pass: (rows) => wouldPass(rows),
  reasons: (rows) => el("ul", { class: "notes" }, rows.map((text) => el("li", {}, text))),
  checks: checksTable,
  kill_switch: killSwitch,
  hours: hoursFacts,
  login: (value) => facts([["Login", value.headline]]),
  day: dayFacts,
  equity_line: equityChart,
  context: (rows) => rows.map(contextPart),
  positions: positionsTable,
  holdings: positionsTable,
  quotes: quotesTable,
  orders: ordersTable,
  exceptions: exceptionsTable,
  fills: fillsTable,
  realised: realisedTable,
  stops: stopsTable,
  unprotected: (names) => names.length ? el("p", { class: "note warn" }, `Held without a stop at the broker: ${names.join(", ")}.`) : null,
  decisions: decisionsTable,
  limits: limitsPart,
  file: fileHead,
  file_tables: fileTables,
  file_figures: fileFigures,
  file_columns: fileColumns,
  file_differences: fileDifferences,
  exposure: (exposure) => exposureCharts({ fields: { exposure } }),
};
// A brief tells of what is open alone.
const EMPTY_IN_BRIEF = { orders: "No open orders.", exceptions: "No open exceptions.", limits: "Nothing is used of any limit." };
const HIDDEN = new Set(["evidence", "currency"]);

/** The parts of a card, in the order of the table above. */
export function insightParts(fields, given) {
  const currency = fields.currency ?? fields.day?.currency ?? fields.margins?.currency ?? given;
  const first = Object.keys(PARTS).filter((name) => name in fields);
  const others = Object.keys(fields).filter((name) => !(name in PARTS) && !HIDDEN.has(name));
  return [
    ...[...first, ...others].map((name) => part(name, fields[name], currency, "hours" in fields ? EMPTY_IN_BRIEF : {})),
    evidenceList(fields.evidence),
  ].flat();
}

function part(name, value, currency, empty) {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && !value.length) return el("p", { class: "quiet-text" }, empty[name] ?? EMPTY[name] ?? `No ${words(name)}.`);
  if (PARTS[name]) return PARTS[name](value, currency);
  if (Array.isArray(value) && value.every((row) => row && typeof row === "object")) return plainTable(name, value);
  return el("p", {}, el("b", {}, `${words(name)}: `), Array.isArray(value) ? value.map(plain).join(", ") : plain(value));
}

/** What the figures rest on, for those who want to check. */
function evidenceList(rows) {
  if (!rows?.length) return null;
  const line = ({ kind, id, as_of: at, ...more }) => el(
    "li",
    {},
    el("b", {}, sentenceCase(words(kind))),
    " ",
    el("code", {}, id),
    [at && clock(at), ...Object.entries(more).map(([name, value]) => `${words(name)} ${value}`)].filter(Boolean).map((text) => ` · ${text}`),
  );
  return el("details", { class: "chart-tables" }, el("summary", {}, `Evidence (${rows.length})`), el("ul", { class: "evidence" }, rows.map(line)));
}

function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== NOTHING);
  return el("dl", { class: "margins" }, shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function whatIfFacts(value) {
  const { currency } = value;
  const passes = value.verdict === "ALLOW";
  const most = value.largest === null ? "no quantity is refused" : decimal(value.largest, { currency });
  return facts([
    [`${sentenceCase(words(value.side))} ${instrumentText(value.instrument)}`, value.quantity && decimal(value.quantity, { currency })],
    ["Worth", value.notional && roundedMoney(value.notional, currency)],
    ["Now", value.verdict && el("span", { class: `chip ${passes ? "good" : "bad"}` }, passes ? "would pass" : "would be refused")],
    ["Most that would pass", most],
  ]);
}

function decisionFacts(value) {
  const asked = value.asked_by === "program" ? "A program asked" : "You asked";
  return [
    el("p", {}, el("b", {}, `${asked}: `), `“${value.asked}”`),
    facts([
      ["Outcome", words(value.outcome)],
      ["Gate", value.verdict && words(value.verdict)],
      ["Approved by", value.approved_by],
      ["At", clock(value.at)],
    ]),
  ];
}

const AMOUNTS = new Set(["equity", "margin_available", "notional", "loss_at_stop"]);

/** A figure of the gate: money, a multiple of equity, or a part of it in percent. */
function metric(name, text, currency) {
  if (!text) return NOTHING;
  if (AMOUNTS.has(name)) return roundedMoney(text, currency);
  return name.endsWith("_x") ? `${decimal(rounded(text, 2))}x` : `${decimal(rounded(hundredfold(text), 2))} %`;
}

function checksTable(rows, currency) {
  const number = (name) => (row) => metric(row.metric, row[name], currency);
  return el(
    "details",
    { class: "chart-tables" },
    el("summary", {}, `Figures the gate worked out (${rows.length})`),
    table(
      [
        { label: "Figure", cell: (row) => sentenceCase(words(row.metric.replace(/_(pct|x)$/, ""))) },
        { label: "Was", number: true, cell: number("value") },
        { label: "Limit", number: true, cell: number("limit") },
      ],
      rows,
      "Figures of the risk gate",
    ),
  );
}

function killSwitch({ level, reason }) {
  if (level === "RUNNING") return null;
  return el("p", { class: "note warn" }, `The kill switch is at ${level}${reason ? `: ${reason}` : ""}.`);
}

function hoursFacts(hours) {
  const open = { true: "open", false: "closed" }[String(hours.is_open)] ?? "not known";
  return [
    facts([
      [hours.exchange, open],
      ["Today", hours.opens_at ? `${clock(hours.opens_at)} to ${clock(hours.closes_at)}` : "no session"],
      ["Next opening", hours.next_opens_at && dayAndClock(hours.next_opens_at)],
    ]),
    hours.simulated ? el("p", { class: "quiet-text" }, "The simulated market is always open.") : null,
  ];
}

function dayFacts(day, currency) {
  return facts([
    ["Today", gain(day.change, currency)],
    ["Realised, before charges", gain(day.realised, currency)],
    ["Unrealised", gain(day.unrealised, currency)],
    ["Began with", day.start_equity && roundedMoney(day.start_equity, currency)],
  ]);
}

function equityChart(rows, currency) {
  if (rows.length < 2) return null;
  const title = "Equity today";
  const show = (text) => roundedMoney(text, currency);
  const drawing = linesFigure({
    title,
    said: `From ${show(rows[0].equity)} to ${show(rows.at(-1).equity)} over ${rows.length} looks at the broker.`,
    times: rows.map((row) => clock(row.at)),
    lines: [{ name: "Equity", tone: "entry", values: rows.map((row) => row.equity) }],
    show,
  });
  return group(
    [{ figure: drawing, title, columns: [["equity", "Equity"]], rows: rows.map((row) => ({ name: clock(row.at), equity: row.equity })) }],
    currency,
  );
}

function limitsPart(rows, currency) {
  const drawn = rows.filter((row) => row.rule_id.startsWith("EXP-") && !COUNTED.has(row.unit) && row.used && row.limit);
  return [drawn.length ? limitsChart(drawn, currency) : null, limitsTable(rows)];
}

function limitsChart(rows, currency) {
  const title = "At risk against its limits";
  const bars = rows.map((row) => ({
    name: row.of ? instrumentParts(row.of).symbol : row.name,
    value: row.used,
    limit: row.limit,
    fills: true,
    tone: row.reached ? "bad" : "entry",
  }));
  return group(
    [{ figure: barsFigure(title, bars, currency), title, columns: [["value", "Used"], ["limit", "Limit"]], rows: bars }],
    currency,
  );
}

function limitsTable(rows) {
  const amount = (name) => (row) => {
    if (row[name] === null || row[name] === undefined) return NOTHING;
    return COUNTED.has(row.unit) ? decimal(row[name]) : roundedMoney(row[name], row.unit);
  };
  const left = (row) => (row.reached ? el("span", { class: "loss" }, "reached") : amount("left")(row));
  return table(
    [
      { label: "Limit", cell: (row) => el("span", { class: "stacked" }, row.name, el("small", {}, row.source ? `${row.rule_id} · ${row.source}` : row.rule_id)) },
      { label: "Used / of", number: true, cell: (row) => el("span", { class: "stacked" }, amount("used")(row), el("small", {}, amount("limit")(row))) },
      { label: "Left", number: true, cell: left },
    ],
    rows,
    "Limits",
  );
}

function contextPart(row) {
  const percent = (text) => (text ? `${decimal(text)} %` : null);
  const price = (text) => (text ? decimal(text, { places: 2 }) : null);
  return el(
    "div",
    {},
    el("p", {}, el("b", {}, instrumentText(row.instrument))),
    facts([
      ["Trend", row.trend && el("span", { class: LOUD[row.trend] ?? "flat" }, words(row.trend))],
      ["Last close", price(row.close)],
      ["SMA 20", price(row.sma20)],
      ["SMA 50", price(row.sma50)],
      ["Volatility", row.volatility20_pct && `${percent(row.volatility20_pct)} ${words(row.volatility)}`],
      ["ATR 14", row.atr14 && `${decimal(row.atr14)} (${percent(row.atr14_pct)})`],
      ["20 days", percent(row.change20_pct)],
    ]),
    contextChart(row),
    row.notes.map((note) => el("p", { class: "quiet-text" }, NOTES[note] ?? words(note))),
  );
}

function contextChart({ instrument, line }) {
  if (line.length < 2) return null;
  const { symbol } = instrumentParts(instrument);
  const title = `${symbol}: close, SMA 20, SMA 50`;
  const show = (text) => decimal(text, { places: 2 });
  const values = (name) => line.map((day) => day[name]);
  const drawing = linesFigure({
    title,
    said: `Closes of ${line.length} days from ${line[0].day} to ${line.at(-1).day}, the last at ${show(line.at(-1).close)}.`,
    times: line.map((day) => day.day),
    lines: [
      { name: "SMA 50", tone: "edge", values: values("sma50") },
      { name: "SMA 20", tone: "good", values: values("sma20") },
      { name: "Close", tone: "entry", values: values("close") },
    ],
    show,
  });
  const columns = [["close", "Close"], ["sma20", "SMA 20"], ["sma50", "SMA 50"]];
  return group([{ figure: drawing, title, columns, rows: line.map((day) => ({ name: day.day, ...day })) }], null);
}

function fillsTable(rows, currency) {
  return table(
    [
      { label: "Fill", cell: (row) => el("span", { class: "order-name" }, sideChip(row.side), symbolCell(row.instrument)) },
      { label: "Qty", number: true, cell: (row) => decimal(row.quantity, { currency }) },
      { label: "Price", number: true, cell: (row) => money(row.price, currency) },
      { label: "At", cell: (row) => clock(row.traded_at) },
    ],
    rows,
    "Fills",
  );
}

function realisedTable(rows, currency) {
  return table(
    [
      { label: "Closed", cell: (row) => symbolCell(row.instrument) },
      { label: "Qty", number: true, cell: (row) => decimal(row.quantity, { currency }) },
      { label: "Realised", number: true, cell: (row) => gain(row.gain, currency) },
    ],
    rows,
    "Realised today",
  );
}

function stopsTable(rows, currency) {
  const price = (name) => (row) => (row[name] ? money(row[name], currency) : NOTHING);
  return table(
    [
      { label: "Kept for", cell: (row) => el("span", { class: "stacked" }, symbolCell(row.instrument), row.note && el("small", {}, row.note)) },
      { label: "Stop", number: true, cell: price("stop_price") },
      { label: "Target", number: true, cell: price("target_price") },
    ],
    rows,
    "Stops and targets",
  );
}

function decisionsTable(rows) {
  return table(
    [
      { label: "Asked", cell: (row) => el("span", { class: "stacked" }, `“${row.asked}”`, el("small", {}, row.decision_id)) },
      { label: "Came to", cell: (row) => el("span", { class: "stacked" }, words(row.outcome), el("small", {}, row.rules.join(", ") || row.error_code || "")) },
      { label: "At", cell: (row) => clock(row.at) },
    ],
    rows,
    "Decisions",
  );
}
