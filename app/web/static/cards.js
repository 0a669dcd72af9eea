/** Cards other than the ticket: questions, insights, vetoes, exceptions and results. */

import { connectionLines } from "./connection.js";
import { exposureCharts } from "./charts.js";
import { el } from "./dom.js";
import { instrumentText, words } from "./format.js";
import { insightParts } from "./insights.js";
import { mayConnect } from "./session.js";
import { ordersTable } from "./tables.js";
import { violationList, wouldPass } from "./verdict.js";

/** Make the element of a card that is not a trade plan. */
export function createCard(card, { currency, onAnswer, onConnect }) {
  switch (card.kind) {
    case "question":
      return question(card, onAnswer);
    case "connect":
      return connect(card, onConnect);
    case "veto":
      return veto(card, currency);
    case "result":
      return result(card, currency);
    default:
      return frame(
        card,
        card.kind === "exception" ? "exception" : "insight",
        title(card.title, null),
        insightParts(card.fields, currency),
      );
  }
}

function frame(card, tone, ...content) {
  return el("section", { class: `card ${tone}`, "aria-label": card.title, "data-card": card.id }, ...content);
}

function title(text, chip) {
  return el("header", { class: "card-head" }, el("h3", {}, text), chip);
}

function question(card, onAnswer) {
  const open = card.status === "PENDING";
  const choices = (card.fields.choices ?? []).map((choice) => choiceButton(choice, open));
  const node = frame(
    card,
    "question",
    title(card.fields.question ?? card.title, null),
    choices.length ? el("div", { class: "choices", role: "group", "aria-label": "Choices" }, choices) : null,
    open && !choices.length ? el("p", { class: "quiet-text" }, "Type the answer below.") : null,
  );
  for (const button of choices) {
    button.addEventListener("click", () => {
      closeQuestion(node, button);
      onAnswer(card, button.dataset.value);
    });
  }
  return node;
}

function choiceButton(choice, open) {
  const { value, label } = choice && typeof choice === "object" ? choice : { value: choice, label: choice };
  const same = String(label ?? value) === String(value);
  const text = same ? String(value) : [el("b", {}, String(value)), ` ${label}`];
  return el("button", { type: "button", class: "choice", "data-value": String(value), disabled: !open }, text);
}

/** Switch a question off once it has an answer. */
export function closeQuestion(node, chosen = null) {
  for (const button of node.querySelectorAll("button.choice")) button.disabled = true;
  chosen?.classList.add("chosen");
  node.classList.add("done");
}

/** How the login at the broker stands; the link is fetched by the person's own click, never before. */
function connect(card, onConnect) {
  const isIn = card.fields.state === "ACTIVE";
  const button = el("button", { type: "button", class: "act go", on: { click: onConnect } }, isIn ? "Show in the side panel" : "Log in at Kite");
  return frame(
    card,
    "connect",
    title(card.title, null),
    connectionLines(card.fields),
    isIn || mayConnect() ? el("div", { class: "act-row" }, button) : null,
  );
}

const VERDICTS = { DENY: "denied", MODIFY: "only a smaller one" };

function veto(card, currency) {
  const { violations = [], would_pass: passing = [], verdict, kill_switch: trip } = card.fields;
  return frame(
    card,
    "veto",
    title(card.title, el("span", { class: "chip bad" }, VERDICTS[verdict] ?? words(verdict))),
    violationList(violations),
    passing.length ? wouldPass(passing) : null,
    exposureCharts(card),
    trip ? el("ul", { class: "notes bad" }, el("li", {}, trip)) : null,
  );
}

function result(card, currency) {
  const { orders = [], reconciled, differences = [] } = card.fields;
  return frame(
    card,
    "result",
    title("What happened", reconciledChip(reconciled, differences)),
    orders.length ? ordersTable(orders, currency) : el("p", {}, "No order was sent."),
    differences.length ? el("ul", { class: "notes bad" }, differences.map((text) => el("li", {}, text))) : null,
  );
}

function reconciledChip(reconciled, differences) {
  if (reconciled) return el("span", { class: "chip good", title: "Ledger and broker agree" }, "✓ reconciled");
  const text = differences.length ? `${differences.length} differences` : "not compared yet";
  return el("span", { class: "chip bad" }, text);
}

/** One line of a card, for those who hear it. */
export function spoken(card) {
  if (card.kind === "question") return `Question: ${card.fields.question ?? card.title}`;
  if (card.kind === "trade_plan") return `Card: ${card.title}. Approve or reject it.`;
  const instrument = card.fields.instrument ? ` ${instrumentText(card.fields.instrument)}` : "";
  return `${words(card.kind)}: ${card.title}${instrument}`;
}
