/** Pausing, draining, stopping and closing an account, each after a word of what will happen. */

import { getJson, postJson } from "./api.js";
import { confirmed, isAsking } from "./confirm.js";
import { announce, byId, el } from "./dom.js";
import { decimal, instrumentText, words } from "./format.js";
import { mayRestart, mayStop, session } from "./session.js";
import { ordersTable } from "./tables.js";

const REASON = { label: "Why? It is kept in the audit log", least: 3 };
const MAY_BECOME = {
  RUNNING: ["PAUSED", "DRAINING", "STOPPED"],
  PAUSED: ["RUNNING", "DRAINING", "STOPPED"],
  DRAINING: ["RUNNING", "PAUSED", "STOPPED"],
  DRAINED: ["RUNNING", "STOPPED"],
  STOPPED: ["RUNNING"],
};
const CONTROLS = {
  RUNNING: { label: "Resume", yes: "Let orders run again", says: ["New positions may be opened again; the kill switch goes to running."] },
  PAUSED: { label: "Pause", yes: "Pause the account", says: ["Nothing new is opened. Open orders stay, and positions can still be left."] },
  DRAINING: { label: "Drain", yes: "Drain the account", says: ["Nothing new is opened and open entries are taken back. Stops stay; what is held runs to its stop or target."] },
  STOPPED: { label: "Stop", yes: "Stop the account", says: ["Nothing is sent any more but cancels. Stops that rest at the broker stay; no new one can be placed."] },
};
const MEANS = {
  PAUSED: "Nothing new is opened; open orders stay.",
  DRAINING: "Nothing new is opened; it is drained when nothing is held and no order is open.",
  DRAINED: "Nothing is held and no order is open.",
  STOPPED: "Nothing is sent but cancels.",
};
const LEVELS = {
  REDUCE_ONLY: "The kill switch lets positions only be made smaller.",
  HALTED: "The kill switch lets nothing be sent but cancels.",
};

/** Read the account's state and show it with the controls this person may use. */
export async function showControls(accountId, onDone) {
  const state = await getJson(`/running-state?account_id=${encodeURIComponent(accountId)}`);
  if (session.account?.account_id !== accountId) return state;
  byId("state").replaceChildren(...stateLines(state));
  showButtons(state, onDone);
  return state;
}

/** Draw the buttons only when they differ, so that nothing moves under a hand. */
function showButtons(state, onDone) {
  const box = byId("controls");
  const drawn = `${state.account_id} ${state.state} ${state.kill_switch}`;
  if (box.childElementCount && box.dataset.drawn === drawn) return;
  if (isAsking(box)) return;
  box.dataset.drawn = drawn;
  box.replaceChildren(...controls(state, onDone));
}

export function clearControls() {
  for (const id of ["state", "controls", "panic-told"]) byId(id).replaceChildren();
}

/** What holds an account back, in words; nothing for one that runs. */
export function stateLines({ state, kill_switch: level, reason, open_orders: orders = [], open_positions: held = [] }) {
  if (state === "RUNNING" && level === "RUNNING") return [];
  const chip = state === "RUNNING" ? words(level) : words(state);
  const means = state === "RUNNING" ? LEVELS[level] : MEANS[state];
  const left = [...orders.map((order) => `order ${order}`), ...held];
  return [
    el("p", {}, el("span", { class: "chip bad" }, chip), ` ${means ?? ""}`),
    reason ? el("p", { class: "quiet-text" }, `Why: ${reason}`) : null,
    left.length ? el("p", { class: "quiet-text" }, `Still open: ${left.join(", ")}`) : null,
  ].filter(Boolean);
}

function controls(now, onDone) {
  if (!mayStop()) return [];
  const next = (MAY_BECOME[now.state] ?? []).map((to) => stateControl(now, to, onDone));
  // After a panic the account runs, but its kill switch does not let it open anything.
  if (now.state === "RUNNING" && now.kill_switch !== "RUNNING") next.unshift(stateControl(now, "RUNNING", onDone));
  return [
    el(
      "details",
      { class: "stop-controls", open: now.state !== "RUNNING" || now.kill_switch !== "RUNNING" },
      el("summary", {}, "Pause, drain, stop"),
      el("div", { class: "act-row" }, next.filter(Boolean), panicControl(now, onDone)),
    ),
  ];
}

function stateControl(now, to, onDone) {
  if (to === "RUNNING" && !mayRestart()) return null;
  return confirmed({ ...CONTROLS[to], reason: REASON, act: (reason) => change(now, to, reason, onDone) });
}

async function change(now, to, reason, onDone) {
  const account = { account_id: now.account_id, reason };
  if (to === now.state) await postJson("/kill-switch", { ...account, level: "RUNNING" });
  else await postJson("/running-state", { ...account, state: to });
  byId("controls").replaceChildren();
  if (to === "RUNNING") byId("panic-told").replaceChildren();
  announce(`The account is ${words(to)}.`);
  await onDone();
}

function panicControl(now, onDone) {
  return confirmed({
    label: "Panic close",
    tone: "danger",
    yes: "Close everything now",
    says: [
      "Every open order of ours is cancelled, and a limit exit at most 1 % from the last price is sent for every position, delivered holdings included.",
      "Nothing new is opened until a risk admin lets orders run again. Exits can fill at a loss, or not fill.",
    ],
    reason: REASON,
    act: (reason) => panic(now, reason, onDone),
  });
}

async function panic(now, reason, onDone) {
  const told = await postJson("/panic", { account_id: now.account_id, reason });
  byId("controls").replaceChildren();
  byId("panic-told").replaceChildren(...panicLines(told, session.account?.currency));
  announce(told.flat ? "Everything is closed." : "Not everything is closed.");
  await onDone();
}

/** What a panic did, truthfully: sent is not filled. */
export function panicLines(told, currency) {
  const lost = told.not_cancelled.map(({ order_id: order, why }) => `Order ${order} may still be open: ${why}`);
  const left = told.left.map((item) => `${decimal(item.quantity, { currency })} ${instrumentText(item.instrument)} ${item.product} is still held: ${item.why}`);
  const open = [...left, ...lost];
  return [
    el("p", { class: told.flat ? "note good" : "note bad", role: "status" }, el("b", {}, told.flat ? "Everything is closed." : "Not everything is closed.")),
    open.length ? el("ul", { class: "notes bad" }, open.map((text) => el("li", {}, text))) : null,
    told.exits.length ? ordersTable(told.exits, currency) : null,
  ].filter(Boolean);
}
