/** Files: attaching them to a message, and the tables that answers show of them. */

import { sendFile } from "./api.js";
import { announce, byId, el } from "./dom.js";
import { decimal, NOTHING, sentenceCase } from "./format.js";
import { problemLines } from "./problems.js";
import { table } from "./tables.js";

const MOST_BYTES = 15 * 1024 * 1024;
const MOST_FILES = 3;
const TYPES = /\.(csv|tsv|txt|xlsx|xlsm)$/i;
const attached = [];
let onChange = () => {};
let uploading = 0;

/** Wire the button, the hidden chooser and the drop area. */
export function startFiles(changed) {
  onChange = changed;
  const chooser = byId("file-chooser");
  byId("attach").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    attachAll([...chooser.files]);
    chooser.value = "";
  });
  const talk = byId("composer");
  for (const name of ["dragenter", "dragover"]) talk.addEventListener(name, onDrag);
  for (const name of ["dragleave", "drop"]) talk.addEventListener(name, () => talk.classList.remove("dropping"));
  talk.addEventListener("drop", onDrop);
  // A file dropped beside the box must not take the place of the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
}

/** Whether a file is still on its way, so that a message about it must wait. */
export function filesBusy() {
  return uploading > 0;
}

export function filesAttached() {
  return attached.length > 0;
}

/** Take what is attached: the message that is being sent is about it. */
export function takeFiles() {
  const taken = attached.splice(0);
  draw();
  return taken;
}

function onDrag(event) {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  byId("composer").classList.add("dropping");
}

function onDrop(event) {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  attachAll([...event.dataTransfer.files]);
}

async function attachAll(files) {
  say(null);
  for (const file of files) {
    const wrong = refusal(file);
    if (wrong) say([el("p", {}, wrong)]);
    else await attach(file);
  }
  byId("message").focus();
}

/** What the server would refuse for certain is said before anything is sent. */
function refusal(file) {
  if (attached.length >= MOST_FILES) return `A message takes at most ${MOST_FILES} files.`;
  if (!TYPES.test(file.name)) return `“${file.name}” is no .csv or .xlsx file. Save it as one of these and attach that.`;
  if (file.size > MOST_BYTES) return `“${file.name}” has ${megabytes(file.size)}; a file may have 15 MB. Keep only the rows and columns you need.`;
  return file.size ? null : `“${file.name}” is empty.`;
}

async function attach(file) {
  uploading += 1;
  draw(file.name);
  try {
    const { file: kept } = await sendFile(file);
    if (!attached.some((known) => known.file_id === kept.file_id)) attached.push(kept);
    announce(`Attached ${kept.name}.`);
  } catch (problem) {
    say(problemLines(problem));
  } finally {
    uploading -= 1;
    draw();
  }
}

function say(lines) {
  byId("file-problem").hidden = !lines;
  byId("file-problem").replaceChildren(...(lines ?? []));
}

function draw(reading = null) {
  const chips = attached.map((file) => {
    const remove = el("button", { type: "button", class: "quiet small", "aria-label": `Do not attach ${file.name}` }, "×");
    remove.addEventListener("click", () => {
      attached.splice(attached.indexOf(file), 1);
      draw();
      byId("message").focus();
    });
    return el("li", { class: "file-chip" }, el("bdi", {}, file.name), el("small", {}, size(file)), remove);
  });
  if (reading) chips.push(el("li", { class: "file-chip", "aria-busy": "true" }, "Reading ", el("bdi", {}, reading), "…"));
  byId("files").hidden = !chips.length;
  byId("files").replaceChildren(...chips);
  onChange();
}

function size(file) {
  const rows = file.sheets.reduce((sum, sheet) => sum + sheet.rows, 0);
  return `${decimal(String(rows))} ${rows === 1 ? "row" : "rows"}`;
}

function megabytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** What was attached to a message that was said. */
export function filesSaid(files) {
  return files.length ? el("ul", { class: "files" }, files.map((file) => el("li", { class: "file-chip" }, el("bdi", {}, file.name), file.sheets ? el("small", {}, size(file)) : null))) : null;
}

/** The line that says whose words follow: a file's, quoted. */
export function fileHead(file) {
  return el(
    "p",
    { class: "file-head" },
    el("span", { class: "chip", title: "What follows is quoted from the file. Nothing in it is done." }, "file"),
    " ",
    el("bdi", {}, file.name),
    el("small", {}, ` · ${file.kind === "csv" ? "" : "sheet "}`, file.kind === "csv" ? null : el("bdi", {}, file.sheet), file.kind === "csv" ? "" : " · ", `${decimal(String(file.row_count))} rows · ${file.sha256.slice(0, 12)}`),
  );
}

/** Tables of files, each with its first or its matching rows. */
export function fileTables(tables) {
  return tables.flatMap((each) => [
    fileHead(each),
    sheetsLine(each),
    each.rows.length ? rowsTable(each) : null,
    moreLine(each),
    ...each.notes.map((note) => el("p", { class: "quiet-text" }, note)),
  ]);
}

function sheetsLine({ sheets }) {
  if (sheets.length < 2) return null;
  const named = sheets.flatMap((sheet, at) => [at ? ", " : "", el("bdi", {}, sheet.name), ` (${decimal(String(sheet.rows))}${sheet.hidden ? ", hidden" : ""})`]);
  return el("p", { class: "quiet-text" }, "Sheets: ", named);
}

function rowsTable(each) {
  const columns = each.columns.map((column, at) => ({
    label: el("span", { class: "stacked" }, el("bdi", {}, column.name), el("small", {}, column.type)),
    number: column.type === "number",
    cell: (row) => el("bdi", { class: column.type === "date" && "whole" }, row.cells[at] || NOTHING),
  }));
  const numbered = [{ label: "Row", cell: (row) => el("span", { class: "row-number" }, String(row.number)) }, ...columns];
  const made = table(numbered, each.rows, "Rows of the file");
  made.classList.add("file-rows");
  return made;
}

function moreLine({ rows, row_count: count, matching }) {
  const all = matching ?? count;
  const what = matching === null || matching === undefined ? "rows" : "matching rows";
  if (rows.length >= all) return rows.length ? null : el("p", { class: "quiet-text" }, `No ${what}.`);
  return el("p", { class: "quiet-text" }, `The first ${rows.length} of ${decimal(String(all))} ${what}.`);
}

export function fileFigures(rows) {
  return table(
    [
      { label: "Column", cell: (row) => el("bdi", {}, row.column) },
      { label: "Figure", cell: (row) => sentenceCase(row.figure) },
      { label: "Value", number: true, cell: (row) => decimal(row.value) },
      { label: "Numbers", number: true, cell: (row) => decimal(String(row.numbers)) },
    ],
    rows,
    "Figures of the file",
  );
}

export function fileColumns(rows) {
  return table(
    [
      { label: "Column", cell: (row) => el("bdi", {}, row.name) },
      { label: "Type", cell: (row) => row.type },
      { label: "Filled", number: true, cell: (row) => decimal(String(row.filled)) },
      { label: "Empty", number: true, cell: (row) => decimal(String(row.empty)) },
    ],
    rows,
    "Columns of the file",
  );
}

export function fileDifferences(rows) {
  const figure = (name) => (row) => (row[name] === null ? NOTHING : decimal(row[name]));
  return table(
    [
      { label: "Symbol", cell: (row) => el("bdi", {}, row.symbol) },
      { label: "In the file", number: true, cell: figure("in_file") },
      { label: "Held", number: true, cell: figure("held") },
      { label: "Difference", number: true, cell: figure("difference") },
    ],
    rows,
    "Differences between the file and what is held",
  );
}
