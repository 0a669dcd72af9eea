/** The login at Kite: how it stands, a link for the person who asks, and the logout. */

import { getJson, postJson, serverNow } from "./api.js";
import { confirmed, isAsking } from "./confirm.js";
import { announce, byId, el } from "./dom.js";
import { clock, sentenceCase } from "./format.js";
import { problemNote } from "./problems.js";
import { mayConnect, session } from "./session.js";

const LOGGED_IN = "ACTIVE";
const ASK_EVERY_MS = 3_000;
const STATES = {
  NEW: ["not logged in", "warn"],
  LINK_ISSUED: ["waiting for you", "live"],
  ACTIVE: ["logged in", "good"],
  EXPIRED: ["login is over", "bad"],
  LOST: ["login was lost", "bad"],
};
// One wait at a time: another login, account or sign-out ends the one before it.
const waiting = { round: 0, active: false };

/** Whether people log in at this account's broker. */
export function logsIn(account) {
  return account?.broker === "kite_mcp";
}

export function clearConnection() {
  waiting.round += 1;
  waiting.active = false;
  byId("connection").replaceChildren();
}

/** Show how the account stands; nothing moves while a link waits or a question is open. */
export async function showConnection(onChange = () => {}) {
  const { account } = session;
  const box = byId("connection");
  if (!logsIn(account)) return box.replaceChildren();
  if (waiting.active || isAsking(box)) return undefined;
  const mine = waiting.round;
  const shown = await known(account.account_id).catch((problem) => ({ problem }));
  if (mine !== waiting.round || session.account !== account || waiting.active || isAsking(box)) return undefined;
  return draw(box, shown, onChange);
}

/** Ask for a link, open Kite's own page in a new tab, and wait until the login has arrived. */
export async function logIn(onChange = () => {}) {
  const { account_id: accountId } = session.account;
  const mine = ++waiting.round;
  waiting.active = true;
  const box = byId("connection");
  try {
    const begun = await postJson("/connections/kite/login", { account_id: accountId });
    if (mine !== waiting.round) return;
    draw(box, begun, onChange);
    if (!begun.link) return;
    const link = linkTo(begun.link.url);
    box.append(linkNote(begun.link, link));
    link.click();
    await arrival(accountId, begun.link, mine);
  } catch (problem) {
    if (mine === waiting.round) box.append(problemNote(problem));
  } finally {
    if (mine === waiting.round) await settled(box, onChange, mine);
  }
}

async function settled(box, onChange, mine) {
  waiting.active = false;
  const failed = box.querySelector(".note.bad");
  const shown = await read(session.account.account_id).catch((problem) => ({ problem }));
  if (mine !== waiting.round) return;
  draw(box, shown, onChange);
  if (failed) box.append(failed);
  if (shown.state === LOGGED_IN) {
    announce(shown.headline);
    onChange();
  }
}

/** Ask Kite every few seconds, until the person is logged in or the link is over. */
async function arrival(accountId, link, mine) {
  while (mine === waiting.round && serverNow() < Date.parse(link.expires_at)) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    if (mine !== waiting.round) return;
    // A missed answer is not worth a word: the next one tells.
    const shown = await read(accountId, { probe: true }).catch(() => null);
    if (shown?.state === LOGGED_IN) return;
  }
}

/** What is known; a server that was not looked at since our own started is looked at first. */
async function known(accountId) {
  const shown = await read(accountId);
  const isNew = shown.state === LOGGED_IN && shown.hindrances.some((text) => text.startsWith("KITE_NOT_CHECKED:"));
  return isNew ? read(accountId, { probe: true }) : shown;
}

function read(accountId, { probe = false } = {}) {
  return getJson(`/connections/kite?account_id=${encodeURIComponent(accountId)}&probe=${probe}`);
}

function draw(box, shown, onChange) {
  const lines = shown.problem ? [problemNote(shown.problem)] : connectionLines(shown);
  box.replaceChildren(el("h3", {}, "Kite"), ...lines, buttons(shown, onChange));
}

/** How a login stands, in words: what it cannot do stands beside what to do. */
export function connectionLines({ state, headline, advice, hindrances = [] }) {
  const [text, tone] = STATES[state] ?? [state, ""];
  return [
    el("p", {}, el("span", { class: `chip ${tone}` }, text), ` ${headline}`),
    hindrances.length ? el("ul", { class: "notes" }, hindrances.map(hindrance)) : null,
    // Of a login that was never there the button says all there is to do.
    advice && state !== "NEW" ? el("p", { class: "quiet-text" }, advice) : null,
  ].filter(Boolean);
}

/** "CODE: why" with the code last, as other findings have it. */
function hindrance(text) {
  const [, code, why] = /^([A-Z_]+): (.+)$/s.exec(text) ?? [null, null, text];
  return el("li", {}, `${sentenceCase(why)}. `, code ? el("code", {}, code) : null);
}

function buttons({ state }, onChange) {
  if (!mayConnect()) return el("p", { class: "quiet-text" }, "A trader or an admin can log in.");
  if (state === LOGGED_IN) return el("div", { class: "act-row" }, logoutButton(onChange));
  const label = state === "LINK_ISSUED" ? "Get a fresh link" : "Log in at Kite";
  const button = el("button", { type: "button", class: "act go", on: { click: () => logIn(onChange) } }, label);
  return el("div", { class: "act-row" }, button);
}

function logoutButton(onChange) {
  return confirmed({
    label: "Log out",
    yes: "Log out of Kite",
    says: ["Nothing can be read or sent until somebody logs in again.", "Orders and positions at Kite stay as they are, stops of ours included; nobody here looks after them."],
    act: () => logOut(onChange),
  });
}

async function logOut(onChange) {
  const { account_id: accountId } = session.account;
  const shown = await postJson("/connections/kite/logout", { account_id: accountId });
  draw(byId("connection"), shown, onChange);
  announce(shown.headline);
  onChange();
}

function linkTo(url) {
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, "Open Kite's login page");
}

function linkNote(link, anchor) {
  return el(
    "div",
    { class: "note", role: "status" },
    el("p", {}, "Log in on Kite's own page; this page notices by itself."),
    el("p", {}, anchor, ` until ${clock(link.expires_at)}, if no tab opened.`),
    el("p", { class: "quiet-text" }, link.warning),
  );
}
