/** The ticket of a trade plan: what would be sent, where each value came from, and the decision. */

import { serverNow } from "./api.js";
import { planCharts } from "./charts.js";
import { announce, copyable, el } from "./dom.js";
import { clock, countdown, decimal, instrumentParts, instrumentText, money, NOTHING, words } from "./format.js";
import { createLive } from "./live.js";
import { sideChip, table } from "./tables.js";

const STATUS = {
  PENDING: ["Waiting for you", "live"],
  APPROVED: ["Approved", "good"],
  REJECTED: ["Rejected", ""],
  EXPIRED: ["Expired", ""],
  VOID: ["Not approved", "bad"],
  DECIDED: ["Decided elsewhere", ""],
};
const SOURCES = {
  user_span: "your words",
  client_span: "the program's words",
  ui: "chosen by you",
  playbook: "playbook",
  policy_default: "account default",
};
const CHARGES = {
  brokerage: "Brokerage",
  stt: "Securities transaction tax",
  exchange: "Exchange fee",
  investor_protection: "Investor protection fund",
  sebi: "SEBI fee",
  stamp_duty: "Stamp duty",
  gst: "GST",
  dp: "Depository (DP) fee",
  total: "Together",
};
const URGENT_MS = 30_000;

/** Make a ticket. `onDecide("approve" | "reject", body)` is called at most once until it settles. */
export function createTicket(card, { onDecide }) {
  const ticket = {
    card,
    status: card.status,
    busy: false,
    whole: Date.parse(card.expires_at) - Date.parse(card.created_at),
    parts: makeParts(card),
    live: null,
  };
  const { parts } = ticket;
  if (card.fields.mode === "LIVE") ticket.live = createLive(card, { onChange: () => refresh(ticket) });
  parts.approve.addEventListener("click", () => decide(ticket, "approve", onDecide));
  parts.reject.addEventListener("click", () => decide(ticket, "reject", onDecide));
  ticket.element = el(
    "section",
    { class: `card ticket ${mainSide(card) === "SELL" ? "sell" : "buy"}`, "aria-label": card.title, "data-card": card.id },
    heading(card, parts),
    proposedBy(card),
    facts(card),
    legs(card),
    planCharts(card),
    bill(card),
    quotes(card),
    notes(card),
    ticket.live?.element,
    parts.actions,
    parts.problem,
    judged(card),
  );
  refresh(ticket);
  return ticket;
}

/** Show a status that the server told; a decided ticket never comes back to life. */
export function setStatus(ticket, status) {
  ticket.status = status;
  ticket.busy = false;
  refresh(ticket);
}

/** Free the buttons after a decision that did not reach the server, and say why. */
export function showProblem(ticket, problem) {
  ticket.parts.problem.replaceChildren(...problem);
  ticket.parts.problem.hidden = false;
}

/** Keep the clock of a pending ticket; returns false when there is nothing left to count. */
export function tick(ticket) {
  if (ticket.status !== "PENDING") return false;
  if (remaining(ticket.card) <= 0 && !ticket.busy) {
    setStatus(ticket, "EXPIRED");
    announce(`The card ${ticket.card.title} has expired.`);
    return false;
  }
  refreshClock(ticket);
  return true;
}

async function decide(ticket, verb, onDecide) {
  if (ticket.busy || ticket.status !== "PENDING") return;
  if (verb === "approve" && ticket.live && !ticket.live.acknowledged()) return;
  ticket.busy = true;
  ticket.parts.problem.hidden = true;
  refresh(ticket);
  ticket.parts.chip.textContent = verb === "approve" ? "Approving…" : "Rejecting…";
  await onDecide(verb, verb === "approve" && ticket.live ? { acknowledge_risk: true } : {});
}

function makeParts(card) {
  return {
    chip: el("span", { class: "chip" }),
    clock: el("span", { class: "clock", role: "timer", "aria-live": "off" }),
    fuse: el("div", { class: "fuse", "aria-hidden": "true" }, el("i")),
    approve: el("button", { type: "button", class: "primary approve" }, `Approve ${whatIsSent(card)}`),
    reject: el("button", { type: "button", class: "reject" }, "Reject"),
    actions: el("div", { class: "actions" }),
    problem: el("div", { class: "note bad", role: "alert", hidden: true }),
  };
}

function refresh(ticket) {
  const { parts, status, busy } = ticket;
  const [text, tone] = STATUS[status] ?? [words(status), ""];
  const open = status === "PENDING";
  parts.chip.textContent = text;
  parts.chip.className = `chip ${tone}`;
  parts.clock.hidden = !open;
  parts.fuse.hidden = !open || !ticket.card.expires_at;
  parts.reject.disabled = !open || busy;
  parts.approve.disabled = parts.reject.disabled || (ticket.live !== null && !ticket.live.acknowledged());
  if (ticket.live) ticket.live.element.hidden = !open;
  parts.actions.replaceChildren(...(open ? [parts.approve, parts.reject] : [outcomeLine(ticket)]));
  ticket.element?.classList.toggle("done", !open);
  if (open) refreshClock(ticket);
}

function refreshClock(ticket) {
  const left = remaining(ticket.card);
  if (!Number.isFinite(left)) return;
  ticket.parts.clock.textContent = countdown(left);
  ticket.parts.clock.classList.toggle("urgent", left < URGENT_MS);
  const share = Math.max(0, Math.min(1, left / Math.max(ticket.whole, 1)));
  ticket.parts.fuse.firstChild.style.setProperty("transform", `scaleX(${share})`);
}

function remaining(card) {
  return card.expires_at ? Date.parse(card.expires_at) - serverNow() : Infinity;
}

function outcomeLine(ticket) {
  const said = {
    APPROVED: "You approved this plan.",
    REJECTED: "You rejected this plan. Nothing was sent.",
    EXPIRED: "The time to decide is over. Nothing was sent; ask for the trade again if you want it.",
    VOID: "This plan could not be approved. Nothing was sent.",
    DECIDED: "This card is no longer open.",
  }[ticket.status];
  return el("p", { class: "outcome" }, said ?? `This card is ${words(ticket.status)}.`);
}

function mainSide(card) {
  return card.fields.side ?? card.fields.legs?.[0]?.side ?? "BUY";
}

/** "BUY 10 INFY": on the button too, so that a click says what it does. */
function whatIsSent(card) {
  const { legs: all = [] } = card.fields;
  return `${mainSide(card)} ${amountAndName(card, all)}`;
}

function amountAndName(card, all) {
  if (all.length !== 1) return `${all.length} instruments`;
  return `${decimal(all[0].quantity, { currency: card.fields.currency })} ${instrumentParts(all[0].instrument).symbol}`;
}

function heading(card, parts) {
  const { fields } = card;
  const { legs: all = [] } = fields;
  const single = all.length === 1 ? all[0] : null;
  const below = single ? [instrumentParts(single.instrument).exchange, single.name].filter(Boolean).join(" · ") : card.title;
  return el(
    "header",
    { class: "ticket-head" },
    sideChip(mainSide(card)),
    el("div", { class: "ticket-title" }, el("h3", {}, amountAndName(card, all)), el("p", {}, below)),
    el("div", { class: "ticket-status" }, fields.mode === "LIVE" ? el("span", { class: "chip live-money" }, "LIVE") : null, parts.chip, parts.clock),
    headSource(card),
    parts.fuse,
  );
}

/** Name the program that passed on the words: nobody may take them for their own. */
function proposedBy({ fields: { proposed_by: said }, provenance = {} }) {
  if (!said) return null;
  const changed = Object.values(provenance).some(({ source }) => source === "user_span");
  const whose = changed ? "except where the card says yours." : "not yours.";
  const text = `Proposed through ${String(said.channel).toUpperCase()} by “${said.client}” in the name of ${said.user}: its words, ${whose}`;
  return el("p", { class: "note warn proposed-by" }, text);
}

function headSource({ provenance = {} }) {
  const known = [["side", provenance.side], ["instrument", provenance.symbols]].filter(([, source]) => source);
  const text = known.map(([name, source]) => `${name}: ${sourceText(source)}`).join(" · ");
  return text ? el("p", { class: "head-source" }, text) : null;
}

function facts(card) {
  const { fields } = card;
  const only = (fields.legs ?? []).length === 1 ? fields.legs[0] : {};
  const price = (text) => (text ? money(text, fields.currency) : null);
  const rows = [
    ["Quantity", only.quantity && decimal(only.quantity, { currency: fields.currency }), "sizing", noteworthy(only.sizing_note)],
    ["Order", fields.order_type, "order_type"],
    ["Limit", price(only.limit_price), "limit_price"],
    ["Trigger", price(only.trigger_price), "trigger_price"],
    ["Product", fields.product, "product"],
    ["Validity", fields.validity, "validity"],
    ["Reference price", price(only.reference_price)],
    ["Notional", price(fields.notional)],
    ["Charges", price(fields.cost?.total), null, fields.cost?.leaving ? `${price(fields.cost.leaving)} more to leave again` : null],
    ["Break-even", price(fields.cost?.breakeven_price), null, fields.cost?.breakeven_price ? "after all charges" : null],
    ["Stop", price(only.stop_price), "stop_loss"],
    ["Target", price(only.target_price), "target"],
    ["Loss at stop", price(fields.loss_at_stop ?? only.loss_at_stop), null, percent(fields.loss_at_stop_pct)],
    ["Gain at target", price(fields.gain_at_target)],
    ["Send before", fields.valid_until && clock(fields.valid_until), fields.valid_until && "ttl_minutes"],
    ["Mode", fields.mode],
  ];
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, shown.map((row) => fact(card, row)));
}

function fact(card, [label, value, field, note]) {
  const source = field ? card.provenance?.[field] : null;
  const below = [source ? sourceText(source) : null, note].filter(Boolean);
  return el(
    "div",
    { class: `fact ${label === "Notional" || label === "Quantity" ? "strong" : ""}` },
    el("dt", {}, label),
    el("dd", {}, value),
    below.map((text) => el("dd", { class: "source" }, text)),
  );
}

/** Say where a value came from, quoting the words where it was words. */
function sourceText({ source, text }) {
  const name = SOURCES[source] ?? words(source);
  if (source === "user_span" || source === "client_span") return `${name} “${text}”`;
  return source !== "ui" && text && text !== name ? text : name;
}

function noteworthy(note) {
  return note === "as stated" ? null : note;
}

function percent(text) {
  return text ? `${text} % of equity` : null;
}

function legs(card) {
  const { legs: all = [], currency } = card.fields;
  const sliced = all.filter((leg) => (leg.slices ?? []).length > 1);
  const parts = [];
  if (all.length > 1) parts.push(legsTable(all, currency));
  for (const leg of sliced) parts.push(slices(leg, currency));
  return parts;
}

function legsTable(all, currency) {
  const price = (name) => (leg) => (leg[name] ? money(leg[name], currency) : NOTHING);
  return table(
    [
      { label: "Instrument", cell: (leg) => instrumentText(leg.instrument) },
      { label: "Side", cell: (leg) => leg.side },
      { label: "Qty", number: true, cell: (leg) => decimal(leg.quantity, { currency }) },
      { label: "Price", number: true, cell: price("reference_price") },
      { label: "Notional", number: true, cell: price("notional") },
      { label: "Stop", number: true, cell: price("stop_price") },
      { label: "Target", number: true, cell: price("target_price") },
      { label: "Loss at stop", number: true, cell: price("loss_at_stop") },
    ],
    all,
    "Legs of the plan",
  );
}

function slices(leg, currency) {
  const sizes = leg.slices.map((size) => decimal(size, { currency })).join(" + ");
  return el("p", { class: "slices" }, `${instrumentText(leg.instrument)} goes out in ${leg.slices.length} orders: ${sizes}`);
}

/** Every line of what the plan costs beyond its prices. */
function bill({ fields: { cost } }) {
  if (!cost) return null;
  const rows = [...cost.lines, { charge: "total", amount: cost.total }];
  return el(
    "details",
    { class: "bill" },
    el("summary", {}, "All charges", el("span", {}, `${money(cost.total, cost.currency)} on ${money(cost.turnover, cost.currency)}`)),
    table(
      [
        { label: "Charge", cell: (row) => CHARGES[row.charge] ?? words(row.charge) },
        { label: "Amount", number: true, cell: (row) => money(row.amount, cost.currency) },
      ],
      rows,
      "Charges of the plan",
    ),
    el("p", { class: "quiet-text" }, `Worked out at the prices shown, with the rates of ${cost.rates_on}; the contract note of the broker decides.`),
  );
}

function quotes(card) {
  const { quotes: all = [], currency } = card.fields;
  return all.map((quote) =>
    el(
      "p",
      { class: "quote-line" },
      el("b", {}, instrumentParts(quote.instrument).symbol),
      ` last ${money(quote.last, currency)} · bid ${money(quote.bid, currency)} · ask ${money(quote.ask, currency)}`,
      el("span", {}, ` · ${words(quote.source)} · ${clock(quote.as_of)}`),
    ),
  );
}

function notes(card) {
  const all = [...(card.fields.notes ?? []), ...waivedNotes(card)];
  const trip = card.fields.kill_switch;
  if (!all.length && !trip) return null;
  return el("ul", { class: trip ? "notes bad" : "notes" }, [...(trip ? [trip] : []), ...all].map((text) => el("li", {}, text)));
}

function waivedNotes(card) {
  const ids = [...new Set((card.fields.waived ?? []).map((item) => item.rule_id))];
  return ids.length ? [`Passes ${ids.join(", ")}: it only reduces a position.`] : [];
}

function judged(card) {
  const { evidence = [], currency, verdict, policy_hash: policy } = card.fields;
  if (!evidence.length && !policy) return null;
  return el(
    "details",
    { class: "judged" },
    el("summary", {}, `Risk gate: ${verdict ?? NOTHING}`, el("span", {}, `${evidence.length} figures checked`)),
    evidence.length ? evidenceTable(evidence, currency) : null,
    el("p", { class: "ids" }, "Plan ", copyable(card.plan_id ?? NOTHING, "plan id")),
    policy ? el("p", { class: "ids" }, "Policy ", copyable(policy, "policy hash")) : null,
  );
}

function evidenceTable(evidence, currency) {
  return table(
    [
      { label: "Figure", cell: (item) => words(item.metric) + (item.leg ? ` (leg ${item.leg + 1})` : "") },
      { label: "Value", number: true, cell: (item) => decimal(item.value, { currency }) },
      { label: "Limit", number: true, cell: (item) => decimal(item.limit, { currency }) + (item.source ? ` (${item.source})` : "") },
    ],
    evidence,
    "Figures of the risk gate",
  );
}
