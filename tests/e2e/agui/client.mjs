// One conversation by the published AG-UI client, which checks every event against the protocol:
// node client.mjs URL MESSAGE [ANSWER...]; the key is in SIGMATRADER_API_KEY.
// A question is answered with the next ANSWER, a card is approved.
import { HttpAgent, buildResumeArray } from "@ag-ui/client";

const [url, message, ...answers] = process.argv.slice(2);
const MOST_RUNS = 4;
const agent = new HttpAgent({
  url,
  headers: { Authorization: `Bearer ${process.env.SIGMATRADER_API_KEY}` },
  initialMessages: [{ id: "m1", role: "user", content: message }],
});

function response(interrupt) {
  const payload =
    interrupt.reason === "input_required" ? { value: answers.shift() } : { approved: true };
  return { status: "resolved", payload };
}

function tell(fact) {
  console.log(JSON.stringify(fact));
}

let resume;
for (let run = 1; run <= MOST_RUNS; run += 1) {
  const ended = {};
  await agent.runAgent(
    { runId: `${agent.threadId}-${run}`, resume },
    {
      onEvent: ({ event }) => {
        tell({ run, type: event.type });
        if (event.type === "RUN_FINISHED") Object.assign(ended, event);
        if (event.type === "RUN_ERROR") throw new Error(`${event.code}: ${event.message}`);
      },
    },
  );
  const open = agent.pendingInterrupts;
  tell({
    run,
    outcome: ended.outcome.type,
    result: ended.result,
    interrupts: open.map(({ id, reason }) => ({ id, reason })),
    state: agent.state,
    messages: agent.messages.map(({ role }) => role),
  });
  if (open.length === 0) break;
  resume = buildResumeArray(
    open,
    Object.fromEntries(open.map((interrupt) => [interrupt.id, response(interrupt)])),
  );
}
