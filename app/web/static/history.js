/** Earlier conversations: the list of them, and their turns as the server has them now. */

import { getJson } from "./api.js";
import { byId, el } from "./dom.js";
import { besidesCards } from "./echo.js";
import { clock } from "./format.js";
import { problemNote } from "./problems.js";
import { session } from "./session.js";
import { createRun, createTurn, settle, showCard, showEnd } from "./turns.js";

const THREADS_SHOWN = 30;
const TURNS_SHOWN = 24;

/** List the account's conversations in place of the one shown; `onChoose` gets the chosen one's id. */
export async function listThreads(onChoose, offset = 0) {
  const { account_id: accountId } = session.account;
  try {
    const query = `limit=${THREADS_SHOWN}&offset=${offset}&account_id=${encodeURIComponent(accountId)}`;
    const page = await getJson(`/threads?${query}`);
    if (session.account.account_id === accountId) showThreads(page, onChoose);
  } catch (problem) {
    byId("turns").append(problemNote(problem));
  }
}

function showThreads({ rows, next_offset: next }, onChoose) {
  const list = el("div", { class: "threads", role: "group", "aria-label": "Earlier conversations" }, rows.map((row) => threadButton(row, onChoose)));
  const none = rows.length ? null : el("p", { class: "turn-note" }, "No earlier conversation with this account.");
  const more = next && el("button", { type: "button", class: "quiet", on: { click: () => { more.remove(); listThreads(onChoose, next); } } }, "Older");
  byId("turns").append(...[none, list, more].filter(Boolean));
  list.querySelector("button")?.focus();
}

function threadButton(row, onChoose) {
  return el(
    "button",
    { type: "button", class: "choice thread", on: { click: () => onChoose(row.thread_id) } },
    el("span", { class: "thread-title" }, row.title),
    el("time", { datetime: row.last_active_at }, row.running ? "running" : clock(row.last_active_at)),
  );
}

/** Show the newest turns of a conversation, oldest first; returns whether there were any. */
export async function showTurns(threadId, desk) {
  const { rows } = await getJson(`/threads/${encodeURIComponent(threadId)}?limit=${TURNS_SHOWN}`);
  if (session.threadId !== threadId) return false;
  byId("hello")?.remove();
  const turns = new Map();
  for (const row of rows.reverse()) {
    const turn = turns.get(row.origin_run_id) ?? createTurn(byId("turns"), { said: wordsOf(row), files: row.files });
    turns.set(row.run_id, turn);
    showPast(turn, row, desk);
  }
  return rows.length > 0;
}

function showPast(turn, row, desk) {
  const run = createRun(turn, desk);
  run.steps.element.remove();
  run.element.classList.add("earlier");
  for (const card of row.cards) showCard(run, card, { quiet: true });
  const answers = row.messages.filter((message) => message.role !== "user");
  const left = answers.map((message) => besidesCards(row.cards ?? [], message.content)).filter(Boolean);
  run.text.append(...left.map((text) => el("p", {}, text)));
  showEnd(run, row);
  settle(run, true);
}

function wordsOf(row) {
  return row.messages.find((message) => message.role === "user")?.content ?? null;
}
