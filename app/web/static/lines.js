/** A small line chart: values in time, with other lines beside the first. */

import { figure, shape } from "./charts.js";

const FRAME = { top: 8, height: 96, below: 22, label: 106 };

/** Draw lines of one scale. `lines` are {name, tone, values: [text or null]}, all as long as `times`. */
export function linesFigure({ title, said, times, lines, show }) {
  const numbers = lines.flatMap((line) => line.values).filter(Boolean).map(Number);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const edges = edge(lines, high, low);
  return figure(title, said, (width) => ({
    height: FRAME.top + FRAME.height + FRAME.below,
    shapes: drawn({ times, lines, show, edges, high, low, right: width - FRAME.label }),
  }));
}

function drawn({ times, lines, show, edges, high, low, right }) {
  const x = (at) => (times.length > 1 ? (at / (times.length - 1)) * right : right);
  const y = (value) => FRAME.top + ((high - Number(value)) / (high - low || 1)) * FRAME.height;
  return [
    ...edges.map((text) => shape("line", { class: "grid", x1: 0, x2: right, y1: y(text), y2: y(text) })),
    ...lines.map((line) => shape("path", { class: `line ${line.tone}`, d: path(line.values, x, y) })),
    ...edges.map((text) => shape("text", { class: "value", x: right + 6, y: y(text) + 4 }, show(text))),
    shape("text", { class: "under", x: 0, y: FRAME.top + FRAME.height + 16 }, times[0]),
    shape("text", { class: "under", x: right, y: FRAME.top + FRAME.height + 16, "text-anchor": "end" }, times.at(-1)),
  ];
}

/** The highest and the lowest value as the server wrote them. */
function edge(lines, high, low) {
  const texts = lines.flatMap((line) => line.values).filter(Boolean);
  const found = [texts.find((text) => Number(text) === high), texts.find((text) => Number(text) === low)];
  return high === low ? found.slice(0, 1) : found;
}

function path(values, x, y) {
  let pen = "M";
  return values.map((value, at) => {
    if (!value) return "";
    const step = `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
}
