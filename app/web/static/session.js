/** Who is signed in, with which account, in which thread; what may outlive a reload is kept. */

const ACCOUNT = "sigmatrader.account";

export const session = { accounts: [], account: null, threadId: null, sending: 0, deciding: 0, loaded: Promise.resolve() };

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
  Object.assign(session, { accounts: [], account: null, threadId: null });
}

function threadSlot() {
  return `sigmatrader.thread.${session.account.account_id}`;
}
