/** Small helpers over the DOM. Data becomes text nodes, never markup. */

/** Make an element. `on` holds event listeners; false, null and undefined are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Say something to those who hear the page instead of seeing it. */
export function announce(text) {
  const region = byId("announcer");
  if (region.textContent === text) region.textContent = "";
  region.textContent = text;
}

/** A text that can be copied, such as an id. */
export function copyable(text, label) {
  const button = el("button", { type: "button", class: "copy", title: `Copy ${label}` }, text);
  button.setAttribute("aria-label", `Copy ${label} ${text}`);
  button.addEventListener("click", () => copy(button, text));
  return button;
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    flash(button, "copied");
    announce("Copied.");
  } catch {
    // Clipboards need a secure page and a permission; selecting the text always works.
    getSelection().selectAllChildren(button);
  }
}

function flash(node, name) {
  node.classList.add(name);
  setTimeout(() => node.classList.remove(name), 1200);
}
