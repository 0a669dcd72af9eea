/** What a turn says besides what its cards show: nothing is said twice. */

/** A text without what the cards beside it say already, which may be all of it. */
export function besidesCards(cards, text) {
  if (cards.some((card) => isEcho(card, text))) return "";
  return cards.reduce((left, { fields }) => (fields.violations ?? []).reduce(withoutRule, left), text).replace(/ {2,}/g, " ").trim();
}

function withoutRule(text, rule) {
  return text.replace(`${sentence(`${rule.rule_id}: ${rule.message}`)} ${sentence(rule.remedy)}`, "");
}

function isEcho({ kind, title, fields }, text) {
  const rules = fields.violations ?? [];
  if (kind === "veto" && rules.length) return rules.every((rule) => text.includes(rule.message));
  return [title, `${title}. Approve the card to send it.`, fields.help, fields.question].includes(text);
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(whole) ? whole : `${whole}.`;
}
