/** What the gate said of a plan: the rules it broke and what would pass. */

import { el } from "./dom.js";
import { decimal, words } from "./format.js";

export function violationList(items, currency) {
  return el("ul", { class: "violations" }, items.map((item) => violation(item, currency)));
}

function violation(item, currency) {
  const limits = [
    item.limit ? `limit ${decimal(item.limit, { currency })}` : null,
    item.actual ? `was ${decimal(item.actual, { currency })}` : null,
  ].filter(Boolean);
  return el(
    "li",
    {},
    el("code", { class: `rule ${words(item.severity)}`, title: words(item.severity) }, item.rule_id),
    el("div", {}, el("p", {}, item.message), limits.length ? el("p", { class: "quiet-text" }, limits.join(", ")) : null, el("p", { class: "remedy" }, item.remedy)),
  );
}

export function wouldPass(passing) {
  const changes = passing.map((item) => `${item.text ?? `quantity ${item.quantity}`}${passing.length > 1 ? ` (leg ${item.leg + 1})` : ""}`);
  return el("p", { class: "would-pass" }, el("b", {}, "Would pass: "), `${changes.join("; ")}. Ask for it if you want it.`);
}
