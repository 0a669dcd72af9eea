/** What a plan at a real broker needs before it can be approved: a validation and a clear word. */

import { getJson, postJson, serverNow } from "./api.js";
import { announce, el } from "./dom.js";
import { clock } from "./format.js";
import { problemLines } from "./problems.js";
import { mayOperate } from "./session.js";

const TONES = { PASS: "good", WARNING: "warn", FAIL: "bad" };

/** The LIVE part of a ticket; `onChange` is called when the acknowledgement changes. */
export function createLive(card, { onChange }) {
  const box = el("input", { type: "checkbox", on: { change: onChange } });
  const status = el("div", { class: "live-status", "aria-live": "polite" }, "Looking for its validation…");
  const validate = el("button", { type: "button", class: "act", hidden: !mayOperate() }, "Validate");
  const path = `/plans/${encodeURIComponent(card.plan_id)}`;
  validate.addEventListener("click", () => check(validate, status, path));
  const element = el(
    "section",
    { class: "live-plan", "aria-label": "Live order" },
    el("p", {}, el("b", {}, "LIVE. "), "Approving this sends real orders with real money to the broker."),
    el("div", { class: "live-check" }, status, validate),
    el("label", { class: "live-word" }, box, el("span", {}, "I accept the risk of this live order")),
  );
  look(status, path);
  return { element, acknowledged: () => box.checked };
}

async function look(status, path) {
  try {
    const { validations } = await getJson(path);
    show(status, validations[0] ?? null);
  } catch (problem) {
    status.replaceChildren(...problemLines(problem));
  }
}

async function check(button, status, path) {
  button.disabled = true;
  status.replaceChildren("Validating…");
  try {
    const { validation } = await postJson(`${path}/validate`);
    show(status, validation);
    announce(`Validation: ${validation.status}`);
  } catch (problem) {
    status.replaceChildren(...problemLines(problem));
  }
  button.disabled = false;
}

function show(status, report) {
  status.replaceChildren(...validationLines(report, serverNow()));
}

/** A validation in words: its status while it counts, and what failed or warns with what to do. */
export function validationLines(report, now) {
  if (!report) return [line("not validated", "bad", "It must pass a validation before it can be approved.")];
  if (Date.parse(report.expires_at) <= now) {
    return [line("validation is over", "bad", `It ended at ${clock(report.expires_at)}; validate again.`)];
  }
  const until = report.status === "FAIL" ? "Nothing can be sent." : `Counts until ${clock(report.expires_at)}.`;
  const found = report.checks.filter((item) => item.status !== "PASS");
  return [
    line(`validation: ${report.status}`, TONES[report.status] ?? "", until),
    found.length ? el("ul", { class: "notes" }, found.map(finding)) : null,
  ].filter(Boolean);
}

function line(text, tone, more) {
  return el("p", {}, el("span", { class: `chip ${tone}` }, text), ` ${more}`);
}

function finding(item) {
  return el("li", {}, item.message, item.remedy ? ` ${item.remedy}` : "", item.code ? el("code", {}, ` ${item.code}`) : null);
}
