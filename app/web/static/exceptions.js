/** Differences between ledger and broker: why they are there, and what a person may do. */

import { postJson } from "./api.js";
import { confirmed } from "./confirm.js";
import { el } from "./dom.js";
import { sentenceCase, words } from "./format.js";
import { mayOperate } from "./session.js";

const SEVERITY = { H: ["high", "bad"], M: ["medium", "warn"], L: ["low", ""] };
const CAUSES = {
  MANUAL_TRADE: "traded by hand",
  MISSED_FILL: "a fill we missed",
  SQUARE_OFF: "squared off by the broker",
  CORPORATE_ACTION: "a corporate action",
  DUPLICATE: "a second order with our tag",
  BROKER_LAG: "the broker is behind",
  UNKNOWN: "not known",
};
const ACTIONS = {
  ADOPT: {
    label: "Adopt",
    yes: "Adopt the broker's figures",
    says: ["Our books will show what the broker shows. This is written down for good; no order is sent."],
  },
  RULE_ABSENT: {
    label: "Rule absent",
    yes: "It never reached the broker",
    says: ["The broker is asked once more. If it shows nothing under this order's tag, the order ends as not sent."],
  },
  RULE_ENDED: {
    label: "Rule ended",
    yes: "It ended unseen",
    says: ["Its trades, and what the position holds beyond them, are booked as its fills; the rest ends as cancelled. No order is sent."],
  },
  CANCEL_DUPLICATE: {
    label: "Cancel duplicate",
    yes: "Cancel the second order",
    says: ["The second order that carries our tag is cancelled at the broker. Orders of others are never touched."],
  },
  CLOSE_POSITION: {
    label: "Close position",
    yes: "Ask for a closing trade",
    says: ["The broker's figures are adopted, then a trade that leaves the position is asked for in your name.", "It is judged as any other and waits for its card to be approved."],
  },
  ACKNOWLEDGE: {
    label: "Let it stay",
    yes: "It may stay as it is",
    says: ["You say that you have seen this and that it may stay as it is. Nothing is sent."],
  },
};

/** A list of exceptions; `onDone(answer)` is called after an action that went through. */
export function exceptionsList(rows, onDone) {
  return el("ul", { class: "exceptions" }, rows.map((row) => exceptionItem(row, onDone)));
}

function exceptionItem(row, onDone) {
  const [severity, tone] = SEVERITY[row.severity] ?? [words(row.severity), ""];
  return el(
    "li",
    { class: "exception-item", "data-exception": row.exception_id },
    el(
      "p",
      { class: "exception-what" },
      el("span", { class: `chip ${tone}` }, severity),
      " ",
      row.message ?? words(row.kind),
    ),
    causeLine(row),
    row.acknowledged_by ? el("p", { class: "quiet-text" }, "Seen by a person; new orders may go out.") : null,
    mayOperate() ? actions(row, onDone) : null,
  );
}

/** The cause with its proof in words, and what it rests on at the broker on hover. */
function causeLine({ cause, proof }) {
  if (!cause) return null;
  const rests = [...(proof?.trade_ids ?? []), ...(proof?.broker_order_ids ?? [])].join(", ");
  return el(
    "p",
    { class: "quiet-text", title: rests ? `Rests on ${rests}` : null },
    el("b", {}, `Cause: ${CAUSES[cause] ?? words(cause)}. `),
    proof?.evidence ? `${sentenceCase(proof.evidence)}${/[.?!]$/.test(proof.evidence) ? "" : "."}` : "",
  );
}

function actions(row, onDone) {
  const path = `/exceptions/${encodeURIComponent(row.exception_id)}`;
  const possible = (row.possible ?? []).filter((name) => ACTIONS[name]);
  const buttons = possible.map((name) => action(name, path, onDone));
  // To have seen it is always possible; a half-built plan is let stay instead.
  if (!row.acknowledged_by && !possible.includes("ACKNOWLEDGE")) buttons.push(seen(path, onDone));
  return buttons.length ? el("div", { class: "act-row" }, buttons) : null;
}

function seen(path, onDone) {
  return confirmed({
    label: "Acknowledge",
    yes: "I have seen it",
    says: ["The difference stays. New orders in its instrument may go out again."],
    act: async () => onDone(await postJson(`${path}/ack`)),
  });
}

function action(name, path, onDone) {
  const { label, yes, says } = ACTIONS[name];
  return confirmed({
    label,
    yes,
    says,
    act: async () => onDone(await postJson(`${path}/remediate`, { action: name })),
  });
}
