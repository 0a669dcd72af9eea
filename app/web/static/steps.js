/** The line that shows what a run is doing now. */

import { el } from "./dom.js";

const NOW = {
  wait: "Waiting for what goes on in this conversation",
  parse: "Reading your words",
  gather: "Looking at the account",
  plan: "Working out the plan",
  gate: "Asking the risk gate",
  card: "Preparing the card",
  ask: "Finding what is missing",
  answer: "Looking it up",
  execute: "Sending to the broker",
  reconcile: "Comparing with the broker",
  explain: "Putting it into words",
};

/** `onStop`, where there is one, gets a button for runs that take long enough to stop. */
export function createSteps(onStop = null) {
  const now = el("span", { class: "step-now" }, "Sending your message");
  const list = el("ol", { class: "step-list" });
  const tools = el("ul", { class: "tools" });
  const looked = el("details", { class: "looked", hidden: true }, el("summary", {}, "Tools used"), tools);
  const stop = onStop && el("button", { type: "button", class: "stop", on: { click: onStop } }, "Stop");
  const pulse = el("span", { class: "pulse", "aria-hidden": "true" });
  const element = el("div", { class: "steps live" }, pulse, now, list, stop, looked);
  return { element, now, list, tools, looked, started: performance.now(), calls: new Map() };
}

export function stepStarted(steps, name) {
  steps.now.textContent = NOW[name] ?? name;
  steps.list.append(el("li", { class: "running", "data-step": name }, name));
}

export function stepFinished(steps, name) {
  const running = steps.list.querySelector(`li.running[data-step="${CSS.escape(name)}"]`);
  running?.classList.replace("running", "done");
}

export function say(steps, text) {
  steps.now.textContent = text;
}

export function stepsEnded(steps, wellDone) {
  if (!steps.list.childElementCount) {
    steps.element.remove();
    return;
  }
  const took = performance.now() - steps.started;
  for (const running of steps.list.querySelectorAll("li.running")) running.classList.replace("running", wellDone ? "done" : "cut");
  const shown = took < 1000 ? `${Math.round(took)} ms` : `${(took / 1000).toFixed(1)} s`;
  steps.now.textContent = wellDone ? shown : `stopped after ${shown}`;
  steps.element.classList.remove("live");
}

export function toolStarted(steps, event) {
  const item = el("li", {}, el("code", {}, event.toolCallName));
  steps.calls.set(event.toolCallId, item);
  steps.tools.append(item);
  steps.looked.hidden = false;
}

export function toolSaid(steps, event) {
  const said = String(event.content ?? "");
  if (said) steps.calls.get(event.toolCallId)?.append(el("span", {}, ` ${said}`));
}
