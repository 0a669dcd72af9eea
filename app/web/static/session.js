/** Who is signed in, with which account, in which thread; what may outlive a reload is kept. */

const ACCOUNT = "sigmatrader.account";
// The server decides; these only keep buttons away from those it would refuse.
const OPERATORS = ["trader", "risk_admin", "admin"];
const CONNECTORS = ["trader", "admin"];
const STOPPERS = ["trader", "approver", "risk_admin", "admin"];

export const session = { accounts: [], roles: [], account: null, threadId: null, focus: null, asked: null, sending: 0, deciding: 0, loaded: Promise.resolve() };

/** Choose an account and take up the thread that was last talked in with it. */
export function keepAccount(account) {
  session.account = account;
  sessionStorage.setItem(ACCOUNT, account.account_id);
  session.threadId = sessionStorage.getItem(threadSlot());
}

/** The account chosen before, else the default one, else the first. */
export function preferredAccount() {
  const { accounts } = session;
  const before = sessionStorage.getItem(ACCOUNT);
  return accounts.find((account) => account.account_id === before)
    ?? accounts.find((account) => account.is_default)
    ?? accounts[0];
}

export function keepThread(threadId) {
  session.threadId = threadId;
  sessionStorage.setItem(threadSlot(), threadId);
}

export function forgetThread() {
  session.threadId = null;
  sessionStorage.removeItem(threadSlot());
}

export function forgetAll() {
  Object.assign(session, { accounts: [], roles: [], account: null, threadId: null, focus: null });
}

function threadSlot() {
  return `sigmatrader.thread.${session.account.account_id}`;
}

/** Whether the person may put exceptions right and validate plans. */
export function mayOperate() {
  return session.roles.some((role) => OPERATORS.includes(role));
}

/** Whether the person may stop an account, and whether they may let it run again. */
export function mayStop() {
  return session.roles.some((role) => STOPPERS.includes(role));
}

export function mayRestart() {
  return session.roles.includes("risk_admin");
}

/** Whether the person may log the account in at its broker, and out; never a program's key. */
export function mayConnect() {
  return session.roles.some((role) => CONNECTORS.includes(role)) && !session.roles.includes("service");
}
