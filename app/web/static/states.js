/** What the states of orders and protections mean, in a sentence each. */

const ORDER_STATES = {
  PLANNED: "Approved and written down, not sent yet. It is sent at once; after 30 seconds its judgement is too old and it expires.",
  SENDING: "Written down before the call to the broker. The answer follows, or it becomes unknown.",
  ACKED: "The broker gave it a number; its book has not shown it yet.",
  UNKNOWN: "It may be at the broker. It is looked up by its tag and never sent again.",
  OPEN: "Resting at the broker, nothing filled.",
  PARTIALLY_FILLED: "Some of it filled; the rest stays open.",
  FILLED: "All of it filled. Final.",
  CANCELLED: "What was open was cancelled; fills before that stand. Final.",
  REJECTED: "The broker refused it. Final.",
  NOT_SENT: "It surely never reached the broker. Final; ask again if you want it.",
  EXPIRED: "It was stopped before it was sent. Final; ask again if you want it.",
  SIMULATED: "A dry run; nothing was sent. Final.",
  COMPLETE: "The broker's book shows it as filled.",
  TRIGGER_PENDING: "It rests at the broker until its trigger is reached.",
};
export const FINAL_STATES = new Set(["FILLED", "CANCELLED", "REJECTED", "NOT_SENT", "EXPIRED", "SIMULATED"]);

export function stateMeaning(state) {
  return ORDER_STATES[state] ?? null;
}
