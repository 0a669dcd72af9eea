/** Follow a run's events to their end, and those of the run that carries it on. */

import { openStream, Problem } from "./api.js";
import { createParser } from "./sse.js";

const MOST_RESUMES = 5;
const FIRST_WAIT_MS = 400;
const SILENCE_MS = 45_000;
const LAST_EVENTS = new Set(["RUN_FINISHED", "RUN_ERROR"]);

/**
 * Send a request that starts a run and hand each event to `onEvent`.
 *
 * A message that is its own approval is carried out in a second run, whose events come in the same
 * stream. A cut stream is picked up where it stopped.
 *
 * `onState` hears "live" or {resuming, of}. Returns true when the run's last event was seen, and
 * false when the server has nothing more to send. Throws Problem when the run cannot be followed.
 */
export async function followRun({ path, body, onEvent, onState = () => {} }) {
  const seen = { id: null, runId: null, seq: -1, over: false, progress: false };
  let failures = 0;
  let answer = await attempt(() => openAnswer(path, { method: "POST", body }), true);
  while (true) {
    if (answer) {
      onState("live");
      seen.runId ??= answer.response.headers.get("x-run-id");
      const ended = await readAnswer(answer, seen, onEvent);
      if (seen.over && ended) return true;
    }
    if (!seen.runId) throw lostAtTheStart();
    failures = seen.progress ? 1 : failures + 1;
    seen.progress = false;
    if (failures > MOST_RESUMES) {
      if (seen.over) return true;
      throw lost(seen.runId);
    }
    // Cut after a run's last event: it is over, and only whether it is carried on is not known.
    if (!seen.over) onState({ resuming: failures, of: MOST_RESUMES });
    await pause(FIRST_WAIT_MS * 2 ** (failures - 1));
    const again = `/runs/${encodeURIComponent(seen.runId)}/events`;
    answer = await attempt(() => openAnswer(again, { lastEventId: seen.id }), false);
    if (answer?.status === 204) return seen.over;
  }
}

async function openAnswer(path, options) {
  const watch = new AbortController();
  const response = await openStream(path, { ...options, signal: watch.signal });
  return { response, status: response.status, watch };
}

async function attempt(open, isFirst) {
  try {
    return await open();
  } catch (problem) {
    // Asking again for events changes nothing, so only a refusal ends it.
    const refused = problem instanceof Problem && problem.reached && problem.status < 500;
    if (isFirst || refused) throw problem;
    return null;
  }
}

/** Read a stream; true when the server ended it, false when it broke or fell silent. */
async function readAnswer({ response, watch }, seen, onEvent) {
  const feed = createParser({ onEvent: (frame) => take(frame, seen, onEvent) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    // The stream ends after the last run's last event; only the server knows which one that is.
    while (true) {
      const text = await nextText(reader, watch);
      if (typeof text !== "string") return text === null;
      feed(text);
    }
  } finally {
    watch.abort();
  }
}

/** The next piece of the stream; null when it ended, undefined when it broke or fell silent. */
async function nextText(reader, watch) {
  const timer = setTimeout(() => watch.abort(), SILENCE_MS);
  try {
    const { done, value } = await reader.read();
    return done ? null : value;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function take(frame, seen, onEvent) {
  const colon = (frame.id ?? "").lastIndexOf(":");
  if (colon > 0) {
    const runId = frame.id.slice(0, colon);
    const seq = Number(frame.id.slice(colon + 1));
    if (runId === seen.runId && seq <= seen.seq) return;
    Object.assign(seen, { id: frame.id, runId, seq, progress: true });
  }
  const event = parseEvent(frame.data);
  seen.over = LAST_EVENTS.has(event.type);
  onEvent(event);
}

function parseEvent(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new Problem({
      code: "BAD_EVENT",
      detail: "The server sent something this page cannot read.",
      remediation: "Reload the page; the state of your orders is in the book.",
    });
  }
}

function lostAtTheStart() {
  return new Problem({
    code: "CONNECTION_LOST",
    detail: "The connection was lost before the server said anything.",
    remediation: "Look at the book and the waiting cards before you send it again.",
  });
}

function lost(runId) {
  return new Problem({
    code: "CONNECTION_LOST",
    detail: `The connection was lost and did not come back; run ${runId} goes on without this page.`,
    remediation: "Reload the page to see what became of it.",
  });
}

function pause(milliseconds) {
  return new Promise((wake) => setTimeout(wake, milliseconds));
}
