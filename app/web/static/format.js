/** Text of numbers and times. Decimals stay strings: no binary float touches a price. */

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const SIGNS = { INR: "₹", USD: "$" };
const IST = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Kolkata", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const IST_WEEKDAY = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", weekday: "short", day: "2-digit", month: "short" });
const IST_DAY = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", day: "2-digit", month: "short" });

export const NOTHING = "–";

/** Group an exact decimal's digits, the Indian way for rupees; `places` pads, never cuts. */
export function decimal(text, { currency = "INR", places = 0 } = {}) {
  const parts = DECIMAL.exec(text ?? "");
  if (!parts) return text === null || text === undefined || text === "" ? NOTHING : String(text);
  const [, minus, whole, fraction = ""] = parts;
  const padded = fraction.padEnd(places, "0");
  return (minus ? "−" : "") + group(whole, currency) + (padded ? `.${padded}` : "");
}

/** An amount of money or a price with its sign and at least two places. */
export function money(text, currency = "INR") {
  const shown = decimal(text, { currency, places: 2 });
  if (!DECIMAL.test(text ?? "")) return shown;
  const sign = SIGNS[currency] ?? `${currency} `;
  return shown.startsWith("−") ? `−${sign}${shown.slice(1)}` : sign + shown;
}

/** Money cut to two places for tables, rounded half up on its digits. */
export function roundedMoney(text, currency = "INR") {
  return money(rounded(text, 2), currency);
}

/** A hundred times a decimal, exactly: a part of one in percent. */
export function hundredfold(text) {
  const parts = DECIMAL.exec(text ?? "");
  if (!parts) return text;
  const [, minus, whole, fraction = ""] = parts;
  const padded = fraction.padEnd(2, "0");
  const left = padded.slice(2).replace(/0+$/, "");
  const moved = (whole + padded.slice(0, 2)).replace(/^0+(?=\d)/, "");
  return `${minus}${moved}${left ? `.${left}` : ""}`;
}

/** A decimal cut to places, rounded half up on its digits. */
export function rounded(text, places) {
  const parts = DECIMAL.exec(text ?? "");
  if (!parts) return text;
  const [, minus, whole, fraction = ""] = parts;
  if (fraction.length <= places) return text;
  const up = fraction[places] >= "5" ? 1n : 0n;
  const digits = String(BigInt(whole + fraction.slice(0, places)) + up).padStart(places + 1, "0");
  const zero = /^0+$/.test(digits);
  return `${zero ? "" : minus}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function group(whole, currency) {
  if (whole.length <= 3) return whole;
  if (currency !== "INR") return whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ",");
  return `${head},${whole.slice(-3)}`;
}

/** 1 for a gain, -1 for a loss, 0 for neither. */
export function signOf(text) {
  if (!DECIMAL.test(text ?? "") || /^-?0+(\.0+)?$/.test(text)) return 0;
  return text.startsWith("-") ? -1 : 1;
}

/** A time of day in India, with the day when it is not today. */
export function clock(iso, now = new Date()) {
  const at = new Date(iso ?? NaN);
  if (Number.isNaN(at.getTime())) return NOTHING;
  const day = IST_DAY.format(at);
  return `${day === IST_DAY.format(now) ? "" : `${day} `}${IST.format(at)} IST`;
}

/** A day and a time of it in India, the day always named: "Tue 01 Dec, 09:15 IST". */
export function dayAndClock(iso) {
  const at = new Date(iso ?? NaN);
  return Number.isNaN(at.getTime()) ? NOTHING : `${IST_WEEKDAY.format(at).replaceAll(",", "")}, ${IST.format(at).slice(0, 5)} IST`;
}

/** What is left of a decimal without others, exactly; null where one is no number. */
export function less(text, ...others) {
  const given = [text, ...others];
  if (!given.every((each) => DECIMAL.test(each ?? ""))) return null;
  const places = Math.max(...given.map((each) => each.split(".")[1]?.length ?? 0));
  const [first, ...rest] = given.map((each) => BigInt(each.replace(".", "") + "0".repeat(places - (each.split(".")[1]?.length ?? 0))));
  const left = rest.reduce((sum, each) => sum - each, first);
  const digits = String(left < 0n ? -left : left).padStart(places + 1, "0");
  const whole = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
  return left < 0n ? `-${whole}` : whole;
}

/** Minutes and seconds left, never below zero. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "NSE:INFY" or {exchange, tradingsymbol} taken apart. */
export function instrumentParts(value) {
  if (value && typeof value === "object") {
    return { exchange: value.exchange ?? "", symbol: value.tradingsymbol ?? "" };
  }
  const text = String(value ?? "");
  const colon = text.indexOf(":");
  return { exchange: text.slice(0, Math.max(colon, 0)), symbol: text.slice(colon + 1) };
}

export function instrumentText(value) {
  const { exchange, symbol } = instrumentParts(value);
  return exchange ? `${exchange}:${symbol}` : symbol;
}

/** PARTIALLY_FILLED becomes "partially filled". */
export function words(code) {
  return String(code ?? "").replaceAll("_", " ").toLowerCase();
}

export function sentenceCase(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
