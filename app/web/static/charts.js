/** Small charts of a plan: its prices, what is at stake, and what is at risk before and after.
 *
 * Every chart says in words what it shows and has its figures in a table. Binary numbers only say
 * where a line goes; what is written is always the server's own decimal.
 */

import { el } from "./dom.js";
import { decimal, instrumentParts, money, NOTHING, roundedMoney, signOf } from "./format.js";
import { table } from "./tables.js";

const SVG = "http://www.w3.org/2000/svg";
// Drawn as wide as there is room, in pixels of the page, so that text is never scaled.
const WIDTHS = { first: 320, least: 220, most: 860 };
const LADDER = { top: 12, height: 112, axis: 92, apart: 17 };
const BARS = { row: 36, below: 18, bar: 9 };
const NAMES = { GROSS: "All positions", NET: "Net of shorts" };
let made = 0;

/** The charts of a ticket, or null where there is nothing that people would rather look at. */
export function planCharts({ fields }) {
  const { currency } = fields;
  const drawn = [levelsChart(fields), stakesChart(fields), exposureChart(fields.exposure)].filter(Boolean);
  return group(drawn, currency);
}

/** What a refused plan would have put at risk, beside the most that may be. */
export function exposureCharts({ fields }) {
  return group([exposureChart(fields.exposure)].filter(Boolean), fields.exposure?.currency);
}

/** Figures side by side, with every one of their values in tables behind them. */
export function group(drawn, currency) {
  if (!drawn.length) return null;
  return el(
    "div",
    { class: "charts" },
    el("div", { class: "chart-row" }, drawn.map((chart) => chart.figure)),
    el(
      "details",
      { class: "chart-tables" },
      el("summary", {}, "Figures of the charts"),
      drawn.map((chart) => figures(chart, currency)),
    ),
  );
}

function figures({ title, columns, rows }, currency) {
  const written = (text) => (currency ? roundedMoney(text, currency) : decimal(text, { places: 2 }));
  const priced = (name) => (row) => (row[name] ? written(row[name]) : NOTHING);
  return table(
    [
      { label: title, cell: (row) => row.name },
      ...columns.map(([name, label]) => ({ label, number: true, cell: priced(name) })),
    ],
    rows,
    title,
  );
}

export function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** A figure that is drawn anew whenever its room changes; `draw(width)` gives {height, shapes}. */
export function figure(title, said, draw) {
  made += 1;
  const [titleId, descId] = [`chart-${made}-title`, `chart-${made}-desc`];
  const drawing = shape(
    "svg",
    { role: "img", "aria-labelledby": `${titleId} ${descId}` },
    shape("title", { id: titleId }, title),
    shape("desc", { id: descId }, said),
  );
  const words = [...drawing.childNodes];
  const fill = (width) => {
    const { height, shapes } = draw(width);
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.replaceChildren(...words, ...shapes);
  };
  fill(WIDTHS.first);
  const framed = el("figure", { class: "chart" }, el("figcaption", { "aria-hidden": "true" }, title), drawing);
  followRoom(framed, fill);
  return framed;
}

function followRoom(framed, fill) {
  if (!globalThis.ResizeObserver) return;
  let drawn = WIDTHS.first;
  const watch = new ResizeObserver(([{ contentRect }]) => {
    const width = Math.round(Math.min(Math.max(contentRect.width, WIDTHS.least), WIDTHS.most));
    if (!contentRect.width || width === drawn) return;
    drawn = width;
    fill(width);
  });
  watch.observe(framed);
}

/* Price with entry, stop and target */

function levelsChart(fields) {
  const { legs = [], currency, quotes = [] } = fields;
  if (legs.length !== 1) return null;
  const levels = levelsOf(legs[0], fields, quotes);
  if (!levels.some((level) => level.decides)) return null;
  const title = "Price, entry, stop and target";
  const said = levels.map((level) => `${level.name} ${money(level.price, currency)}`).join(", ");
  return {
    figure: figure(title, `${said}.`, () => ({ height: LADDER.top * 2 + LADDER.height, shapes: ladder(levels, currency) })),
    title: "Price",
    columns: [["price", "At"]],
    rows: levels,
  };
}

function levelsOf(leg, fields, quotes) {
  const last = quotes.find((quote) => quote.instrument === leg.instrument)?.last;
  const entry = leg.reference_price;
  const other = (price) => (price === entry ? null : price);
  const found = [
    { name: "Target", price: leg.target_price, tone: "good", decides: true },
    { name: "Limit", price: other(leg.limit_price), tone: "edge", decides: true },
    { name: "Trigger", price: other(leg.trigger_price), tone: "edge", decides: true },
    { name: "Entry", price: entry, tone: "entry" },
    { name: "Last", price: other(last), tone: "faint" },
    { name: "Break-even", price: fields.cost?.breakeven_price, tone: "faint" },
    { name: "Stop", price: leg.stop_price, tone: "bad", decides: true },
  ];
  return found.filter((level) => level.price).sort((one, other) => Number(other.price) - Number(one.price));
}

function ladder(levels, currency) {
  const prices = levels.map((level) => Number(level.price));
  const [high, low] = [Math.max(...prices), Math.min(...prices)];
  const y = (price) => LADDER.top + ((high - Number(price)) / (high - low || 1)) * LADDER.height;
  const at = apart(levels.map((level) => y(level.price)));
  const of = (name) => levels.find((level) => level.name === name);
  const zones = [["Stop", "bad"], ["Target", "good"]].filter(([name]) => of(name)).map(([name, tone]) => zone(y(of(name).price), y(of("Entry").price), tone));
  return [
    ...zones,
    shape("line", { class: "axis", x1: LADDER.axis, x2: LADDER.axis, y1: LADDER.top, y2: LADDER.top + LADDER.height }),
    ...levels.flatMap((level, index) => rung(level, y(level.price), at[index], currency)),
  ];
}

function zone(from, to, tone) {
  return shape("rect", { class: `zone ${tone}`, x: LADDER.axis - 14, width: 28, y: Math.min(from, to), height: Math.abs(from - to) });
}

function rung(level, y, at, currency) {
  const x = LADDER.axis;
  return [
    shape("line", { class: `rung ${level.tone}`, x1: x - 14, x2: x + 14, y1: y, y2: y }),
    shape("path", { class: "leader", d: `M${x + 15} ${y} L${x + 26} ${at}` }),
    shape("text", { class: `name ${level.tone}`, x: x - 22, y: at + 4, "text-anchor": "end" }, level.name),
    shape("text", { class: `value ${level.tone}`, x: x + 30, y: at + 4 }, money(level.price, currency)),
  ];
}

/** Move labels apart so that each can be read, keeping their order, inside the chart. */
function apart(wanted) {
  const placed = [];
  for (const y of wanted) placed.push(Math.max(y, placed.length ? placed.at(-1) + LADDER.apart : LADDER.top));
  const bottom = LADDER.top + LADDER.height;
  for (let index = placed.length - 1; index >= 0; index -= 1) {
    const below = index === placed.length - 1 ? bottom : placed[index + 1] - LADDER.apart;
    placed[index] = Math.min(placed[index], below);
  }
  return placed;
}

/* Loss at the stop, gain at the target, and what it costs */

function stakesChart({ loss_at_stop: loss, gain_at_target: gain, loss_limit: limit, cost, currency }) {
  if (!loss && !gain) return null;
  const rows = [
    { name: "Loss at stop", value: loss, limit, tone: "bad" },
    { name: "Gain at target", value: gain, tone: "good" },
    { name: "Charges in and out", value: roundTrip(cost), tone: "edge" },
  ].filter((row) => row.value);
  const title = "At stake";
  return {
    figure: barsFigure(title, rows, currency),
    title,
    columns: [["value", "Amount"], ["limit", "Limit"]],
    rows,
  };
}

/** What entering and leaving cost together: two decimals of paise, added on their digits. */
function roundTrip(cost) {
  if (!cost?.leaving) return null;
  const paise = [cost.total, cost.leaving].map((text) => {
    const [whole, fraction = ""] = text.split(".");
    return BigInt(whole + fraction.padEnd(2, "0").slice(0, 2));
  });
  const sum = String(paise[0] + paise[1]).padStart(3, "0");
  return `${sum.slice(0, -2)}.${sum.slice(-2)}`;
}

/* Exposure before and after */

function exposureChart(exposure) {
  const rows = (exposure?.rows ?? []).filter((row) => row.of !== "NET" || row.limit).map(exposureRow);
  if (!rows.length) return null;
  const title = "At risk before and after";
  return {
    figure: barsFigure(title, rows, exposure.currency),
    title,
    columns: [["before", "Before"], ["value", "After"], ["limit", "Limit"]],
    rows,
  };
}

function exposureRow({ of, instrument, before, after, limit }) {
  const over = limit && Number(after) > Number(limit);
  const name = NAMES[of] ?? instrumentParts(instrument).symbol;
  return { name, before, value: after, limit, fills: true, tone: over ? "bad" : "entry" };
}

/* Bars */

/** Bars, one a row: {name, value, limit?, before?, tone, fills?}. */
export function barsFigure(title, rows, currency) {
  const said = rows.map((row) => spoken(row, currency)).join("; ");
  const most = Math.max(...rows.map((row) => Number(row.value)), 0);
  return figure(title, `${said}.`, (width) => {
    let height = 0;
    const shapes = rows.flatMap((row) => {
      const top = height;
      height += BARS.row + (below(row, currency) ? BARS.below : 0);
      return bar(row, top, most, width, currency);
    });
    return { height, shapes };
  });
}

function spoken({ name, before, value, limit }, currency) {
  const change = before === undefined ? roundedMoney(value, currency) : `from ${roundedMoney(before, currency)} to ${roundedMoney(value, currency)}`;
  return `${name} ${change}${limit ? `, limit ${roundedMoney(limit, currency)}` : ""}`;
}

/** One row: against its own limit where it `fills` one, else beside the other rows. */
function bar(row, top, most, room, currency) {
  const full = row.fills && row.limit ? Math.max(...[row.value, row.before, row.limit].filter(Boolean).map(Number)) : most;
  const wide = (text) => (full > 0 && signOf(text) > 0 ? Math.max((Number(text) / full) * room, 2) : 0);
  const y = top + 18;
  const text = (shown, more) => shape("text", { class: "name", x: 0, ...more }, shown);
  const shapes = [
    text(row.name, { y: top + 12 }),
    text(roundedMoney(row.value, currency), { class: `value ${row.tone}`, x: room, y: top + 12, "text-anchor": "end" }),
    shape("rect", { class: "track", x: 0, y, width: room, height: BARS.bar, rx: 2 }),
    shape("rect", { class: `bar ${row.tone}`, x: 0, y, width: wide(row.value), height: BARS.bar, rx: 2 }),
  ];
  if (signOf(row.before) > 0) shapes.push(shape("rect", { class: "bar before", x: 0, y: y + BARS.bar + 2, width: wide(row.before), height: 3, rx: 1 }));
  if (row.limit && Number(row.limit) <= full) {
    const x = Math.min((Number(row.limit) / full) * room, room - 1);
    shapes.push(shape("line", { class: "limit", x1: x, x2: x, y1: y - 3, y2: y + BARS.bar + 5 }));
  }
  const under = below(row, currency);
  if (under) shapes.push(text(under, { class: "under", y: y + BARS.bar + 17 }));
  return shapes;
}

function below({ before, limit }, currency) {
  return [
    before === undefined ? null : `before ${roundedMoney(before, currency)}`,
    limit ? `limit ${roundedMoney(limit, currency)}` : null,
  ].filter(Boolean).join(" · ");
}
