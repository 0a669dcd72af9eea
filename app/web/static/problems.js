/** Problems as notes: what was wrong, what to do, and the code. */

import { el } from "./dom.js";
import { sentenceCase } from "./format.js";

export function problemNote(problem) {
  return el("div", { class: "note bad" }, problemLines(problem));
}

export function problemLines(problem) {
  const fields = (problem.errors ?? []).map((item) => el("li", {}, `${item.field}: ${item.issue}`));
  return [
    el("p", {}, el("b", {}, sentenceCase(problem.message))),
    fields.length ? el("ul", {}, fields) : null,
    problem.remedy ? el("p", { class: "remedy" }, problem.remedy) : null,
    el("p", { class: "ids" }, el("code", {}, problem.code), problem.requestId ? ` · request ${problem.requestId}` : ""),
  ].filter(Boolean);
}
