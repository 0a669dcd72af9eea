/** Buttons that act only after a second step, which says what will happen. */

import { announce, el } from "./dom.js";
import { problemLines } from "./problems.js";

/**
 * A button that opens a confirm step in place.
 *
 * `says` are the sentences of what will happen, `yes` the words on the second button, and `act`
 * what it does, given the typed reason. `reason` asks for one: {label, least} letters.
 */
export function confirmed({ label, says, yes, act, reason = null, tone = "", disabled = false }) {
  const open = el("button", { type: "button", class: `act ${tone}`, disabled }, label);
  const holder = el("span", { class: "confirming" }, open);
  open.addEventListener("click", () => ask(holder, open, { says, yes, act, reason, tone }));
  return holder;
}

function ask(holder, open, { says, yes, act, reason, tone }) {
  const go = el("button", { type: "button", class: `act go ${tone}` }, yes);
  const back = el("button", { type: "button", class: "act" }, "Not now");
  const words = reason && el("input", { type: "text", maxlength: "300", autocomplete: "off", "aria-label": reason.label, placeholder: reason.label });
  const problem = el("div", { class: "note bad", role: "alert", hidden: true });
  const step = el(
    "div",
    { class: "confirm", role: "group", "aria-label": yes },
    says.map((text) => el("p", {}, text)),
    words,
    el("div", { class: "confirm-actions" }, go, back),
    problem,
  );
  if (words) {
    go.disabled = true;
    words.addEventListener("input", () => (go.disabled = words.value.trim().length < reason.least));
  }
  back.addEventListener("click", () => {
    step.replaceWith(open);
    open.focus();
  });
  step.addEventListener("keydown", (event) => event.key === "Escape" && back.click());
  go.addEventListener("click", () => run({ go, back, problem, work: () => act(words?.value.trim()) }));
  open.replaceWith(step);
  (words ?? back).focus();
  announce(says.join(" "));
}

async function run({ go, back, problem, work }) {
  go.disabled = back.disabled = true;
  problem.hidden = true;
  try {
    await work();
  } catch (cause) {
    problem.replaceChildren(...problemLines(cause));
    problem.hidden = false;
    announce(cause.message);
    go.disabled = back.disabled = false;
  }
}

/** Whether a confirm step is open in a part of the page, so that it is not redrawn under a hand. */
export function isAsking(node) {
  return node.querySelector(".confirm") !== null;
}
