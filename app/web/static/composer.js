/** The message box: Enter sends, Esc clears, the up arrow brings the last message back. */

import { byId } from "./dom.js";
import { filesAttached, filesBusy, startFiles } from "./files.js";
import { session } from "./session.js";

const TALLEST_PX = 160;
const SHOW_IT = "show the file";
const invitation = byId("message").placeholder;
let lastMessage = "";

/** Wire the box; `onSend` gets each message. */
export function startComposer(onSend) {
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit(onSend);
  });
  byId("message").addEventListener("keydown", onKey);
  byId("message").addEventListener("input", fit);
  startFiles(showBusy);
  showBusy();
}

export function fillMessage(text) {
  byId("message").value = text;
  fit();
  focusMessage();
}

export function focusMessage() {
  byId("message").focus();
}

/** Say in the box what is being asked for; null goes back to the invitation. */
export function expectAnswer(question) {
  byId("message").placeholder = question === null ? invitation : `Answer: ${question}`;
}

/** Say which instrument is meant by words that name none; null when no one is. */
export function showFocus(symbol) {
  byId("focus").hidden = !symbol;
  byId("focus-symbol").textContent = symbol ?? "";
}

/** A message may be sent while its thread is at work, which stops for it; the account stays as it is meanwhile. */
export function showBusy() {
  byId("send").disabled = mustWait() || !words();
  byId("account").disabled = byId("new-thread").disabled = byId("earlier").disabled = session.sending + session.deciding > 0;
}

/** Before the server has named the thread a second message would begin another. */
function mustWait() {
  return filesBusy() || (session.sending > 0 && !session.threadId);
}

/** What is to be sent: with a file and no words, that the file be shown. */
function words() {
  return byId("message").value.trim() || (filesAttached() ? SHOW_IT : "");
}

function submit(onSend) {
  const message = words();
  if (!message || mustWait() || !session.account) return;
  lastMessage = message;
  fillMessage("");
  onSend(message);
}

function onKey(event) {
  const box = event.target;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  } else if (event.key === "Escape") {
    fillMessage("");
  } else if (event.key === "ArrowUp" && box.value === "" && lastMessage) {
    event.preventDefault();
    fillMessage(lastMessage);
  }
}

function fit() {
  const box = byId("message");
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, TALLEST_PX)}px`);
  showBusy();
}
