/** What the gate said of a plan: the rules it broke and what would pass. */

import { el } from "./dom.js";
import { words } from "./format.js";

export function violationList(items) {
  return el("ul", { class: "violations" }, items.map((item) => violation(item)));
}

function violation(item) {
  return el(
    "li",
    {},
    el("code", { class: `rule ${words(item.severity)}`, title: words(item.severity) }, item.rule_id),
    el("div", {}, el("p", {}, item.message), el("p", { class: "remedy" }, item.remedy)),
  );
}

export function wouldPass(passing) {
  const changes = passing.map((item) => `${item.text ?? `quantity ${item.quantity}`}${passing.length > 1 ? ` (leg ${item.leg + 1})` : ""}`);
  return el("p", { class: "would-pass" }, el("b", {}, "Would pass: "), `${changes.join("; ")}. Ask for it if you want it.`);
}
