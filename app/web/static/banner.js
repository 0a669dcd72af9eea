/** The line that says whose money and which market this is. */

import { byId } from "./dom.js";
import { session } from "./session.js";

const PAPER_BROKERS = new Set(["paper", "mock"]);
const NAMES = { kite_mcp: "Kite" };
const sources = new Set();

/** Show the banner of the chosen account. */
export function showBanner() {
  const { broker, mode } = session.account;
  const paper = PAPER_BROKERS.has(broker);
  byId("banner").classList.toggle("real", !paper);
  byId("banner-mode").textContent = paper ? "PAPER" : (NAMES[broker] ?? broker).toUpperCase();
  byId("banner-text").textContent = paper
    ? `${marketKind()}, not live. No real money.`
    : `This account is at a real broker. Its mode is ${mode}.`;
}

/** Learn from a card's quotes where prices come from. */
export function noticePrices(card) {
  const known = sources.size;
  for (const quote of card.fields.quotes ?? []) sources.add(quote.source);
  if (sources.size !== known) showBanner();
}

function marketKind() {
  if (sources.size !== 1) return "Simulated or replayed market";
  return sources.has("REPLAY") ? "Replayed market" : "Simulated market";
}
