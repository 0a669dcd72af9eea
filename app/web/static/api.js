/** The server's HTTP surface, with errors a person can read. */

const PREFIX = "/api/v1";
const KEY = "sigmatrader.key";

let skewMs = 0;
let onUnauthorized = () => {};

/** An answer that was not what was asked for; has a code, a remedy and whether a retry is safe. */
export class Problem extends Error {
  constructor(facts) {
    super(facts.detail || facts.title || "The request failed.");
    this.status = facts.status ?? 0;
    this.code = facts.code ?? "FAILED";
    this.remedy = facts.remediation ?? "";
    this.errors = facts.errors ?? [];
    this.requestId = facts.request_id ?? null;
    this.reached = this.status !== 0;
  }
}

export function readKey() {
  return sessionStorage.getItem(KEY);
}

export function keepKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** Have a function called when the server no longer takes the key. */
export function whenUnauthorized(listener) {
  onUnauthorized = listener;
}

/** The server's idea of now, so that an expiry is counted on its clock. */
export function serverNow() {
  return Date.now() + skewMs;
}

export async function getJson(path) {
  const answer = await request(path, {});
  return answer.json();
}

export async function postJson(path, body = {}) {
  const headers = { "Idempotency-Key": freshKey() };
  const answer = await request(path, { method: "POST", headers, body: JSON.stringify(body) });
  return answer.json();
}

/** Attach a file: its bytes are the body, and its content says what it is. */
export async function sendFile(file) {
  const headers = { "Idempotency-Key": freshKey(), "Content-Type": "application/octet-stream" };
  const answer = await request(`/files?name=${encodeURIComponent(file.name.slice(-200))}`, { method: "POST", headers, body: file });
  return answer.json();
}

/** Open an event stream; the answer's body is its bytes. 204 says nothing is left. */
export async function openStream(path, { method = "GET", body, lastEventId, signal } = {}) {
  const headers = { Accept: "text/event-stream" };
  if (lastEventId) headers["Last-Event-ID"] = lastEventId;
  // Every effect has a key of its own, so that no repeat of this request can act twice.
  if (method === "POST") headers["Idempotency-Key"] = freshKey();
  return request(path, { method, headers, body: body && JSON.stringify(body), signal });
}

async function request(path, options) {
  const headers = { Accept: "application/json", ...options.headers, Authorization: `Bearer ${readKey()}` };
  if (options.body) headers["Content-Type"] ??= "application/json";
  let answer;
  try {
    answer = await fetch(PREFIX + path, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Problem({
      code: "UNREACHABLE",
      detail: "The server does not answer.",
      remediation: "Check that it is running (make run) and try again.",
    });
  }
  learnSkew(answer);
  if (answer.ok) return answer;
  const problem = await readProblem(answer);
  if (answer.status === 401) onUnauthorized(problem);
  throw problem;
}

async function readProblem(answer) {
  try {
    const facts = await answer.json();
    return new Problem({ ...facts, status: answer.status });
  } catch {
    return new Problem({ status: answer.status, detail: `The server answered ${answer.status}.` });
  }
}

function learnSkew(answer) {
  const served = Date.parse(answer.headers.get("date") ?? "");
  // The header has whole seconds only: within that, the two clocks agree.
  if (!Number.isNaN(served)) {
    const apart = served + 500 - Date.now();
    skewMs = Math.abs(apart) > 1500 ? apart : 0;
  }
}

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
