/** A parser of server-sent events, fed with text as it arrives. */

/** Return `feed(text)`, which calls `onEvent({id, event, data})`; `onRetry` hears retry times. */
export function createParser({ onEvent, onRetry = () => {} }) {
  let rest = "";
  let fields = emptyFields();
  let first = true;
  return function feed(text) {
    rest += first && text.startsWith("\ufeff") ? text.slice(1) : text;
    first = first && text === "";
    for (let line = takeLine(); line !== null; line = takeLine()) fields = readLine(line, fields, onEvent, onRetry);
  };

  function takeLine() {
    const end = rest.search(/[\r\n]/);
    // A CR at the very end may be half of a CRLF whose LF is still on its way.
    if (end < 0 || (rest[end] === "\r" && end === rest.length - 1)) return null;
    const line = rest.slice(0, end);
    rest = rest.slice(end + (rest.startsWith("\r\n", end) ? 2 : 1));
    return line;
  }
}

function emptyFields() {
  return { id: null, event: "message", data: [] };
}

function readLine(line, fields, onEvent, onRetry) {
  if (line === "") {
    if (fields.data.length) onEvent({ id: fields.id, event: fields.event, data: fields.data.join("\n") });
    return emptyFields();
  }
  const colon = line.indexOf(":");
  if (colon === 0) return fields;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "data") fields.data.push(value);
  else if (name === "event") fields.event = value || "message";
  else if (name === "id" && !value.includes("\0")) fields.id = value;
  else if (name === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
  return fields;
}
