/**
 * Goal    A ladder says what happened, fits a terminal, and is the same each time.
 * Method  The whole text of a handshake and a close in order; of runs with losses what must stand in it; widths over many attempts.
 */
import { describe, expect, test } from "vitest";
import { LADDER_COLUMNS, ladderOf, wrap } from "../../src/trace/ladder.ts";
import { traceText } from "../../src/trace/text.ts";
import { observe, traceAttempts } from "../../src/trace/trace.ts";
import { Watch } from "../../src/trace/watch.ts";
import { type Keys, specOf } from "../engine/helpers.ts";

const goOn = async (): Promise<void> => {};

const one = (keys: Keys = {}, listener: Keys = {}, workload: Keys = {}): Keys => ({
  duration_s: 70,
  server: {
    listeners: [
      {
        ...{ port: 80, backlog: 1, app: { request_bytes: 200, response_bytes: 1000, close: "after_response" } },
        ...listener,
      },
    ],
  },
  client: { one_way_delay_s: 0.02 },
  workloads: [
    {
      ...{ name: "clients", kind: "connections", arrival: "even", count: 1, rate_per_s: 1 },
      ...{ request_bytes: 200, response_bytes: 1000, first_closer: "server", ...workload },
    },
  ],
  ...keys,
});

/** The ladder without times and without notes: who is in which state and what is on the way. */
async function rungs(keys: Keys): Promise<string[]> {
  const [attempt] = await traceAttempts(specOf(keys), { connection: 1 }, goOn);
  if (attempt === undefined) throw new Error("no attempt");
  return ladderOf(attempt.events, attempt.startNs)
    .split("\n")
    .slice(2)
    .filter((line) => /^ +\+/.test(line))
    .map((line) =>
      line
        .slice(14, 14 + 11 + 2 + 40 + 2 + 11)
        .replace(/[─╌]+/g, "-")
        .replace(/\s+/g, " ")
        .trim(),
    );
}

async function textOf(keys: Keys): Promise<string> {
  const [attempt] = await traceAttempts(specOf(keys), { connection: 1 }, goOn);
  if (attempt === undefined) throw new Error("no attempt");
  return traceText(attempt, "clients");
}

/** What is wrapped reads as one line again. */
const flat = (text: string): string => text.replace(/\s+/g, " ");

test("a request and its response, from SYN to TIME_WAIT", async () => {
  expect(await rungs(one())).toEqual([
    "SYN_SENT SYN seq 0 - LISTEN",
    "SYN_SENT -▶ SYN seq 0 SYN_RECV",
    "SYN_SENT - SYN-ACK seq 0 ack 1 SYN_RECV",
    "ESTABLISHED SYN-ACK seq 0 ack 1 ◀- SYN_RECV",
    "ESTABLISHED ACK seq 1 ack 1 - SYN_RECV",
    "ESTABLISHED PSH-ACK seq 1 ack 1 len 200 - SYN_RECV",
    "ESTABLISHED -▶ ACK seq 1 ack 1 ESTABLISHED",
    "ESTABLISHED -▶ PSH-ACK seq 1 ack 1 len 200 ESTABLISHED",
    "ESTABLISHED - ACK seq 1 ack 201 ESTABLISHED",
    "ESTABLISHED - PSH-ACK seq 1 ack 201 len 1000 ESTABLISHED",
    "ESTABLISHED - FIN-ACK seq 1001 ack 201 FIN_WAIT1",
    "ESTABLISHED ACK seq 1 ack 201 ◀- FIN_WAIT1",
    "ESTABLISHED PSH-ACK seq 1 ack 201 len 1000 ◀- FIN_WAIT1",
    "ESTABLISHED ACK seq 201 ack 1001 - FIN_WAIT1",
    "CLOSE_WAIT FIN-ACK seq 1001 ack 201 ◀- FIN_WAIT1",
    "CLOSE_WAIT FIN_WAIT1",
    "LAST_ACK FIN-ACK seq 201 ack 1002 - FIN_WAIT1",
    "LAST_ACK -▶ ACK seq 201 ack 1001 FIN_WAIT1",
    "LAST_ACK -▶ FIN-ACK seq 201 ack 1002 FIN_WAIT2",
    "LAST_ACK - ACK seq 1002 ack 202 TIME_WAIT",
    "CLOSED ACK seq 1002 ack 202 ◀- TIME_WAIT",
    "CLOSED CLOSED",
  ]);
});

describe("what was lost stands in the ladder with its gate", () => {
  const lossyTo = (direction: string, match: string): Keys => ({
    impairments: [{ direction, match, drop_every_nth: 1, start_s: 0, end_s: 0.5 }],
  });

  test("a SYN on the path, and the timer that sends it again", async () => {
    const text = flat(await textOf(one(lossyTo("to_server", "syn"))));
    expect(text).toContain("✗ SYN seq 0 LISTEN LOST: path to server");
    expect(text).toContain(
      "timer; syn timer resend (TCPTimeouts+1, TcpTimeoutRehash+1, RetransSegs+1, TCPSynRetrans+1)",
    );
    expect(text).toContain("completed: Did all it came for and closed. connected after 1.0");
    expect(text).toMatch(/1 retransmission\./);
  });

  test("a SYN at a full accept queue, with how long the queues were, and what the failure is charged to", async () => {
    const keys = one({}, { accept: { mode: "never" } }, { count: 3, rate_per_s: 10, connect_timeout_s: 3 });
    const [attempt] = await traceAttempts(specOf(keys), { outcome: "app_timeout" }, goOn);
    if (attempt === undefined) throw new Error("no attempt failed");
    const text = flat(traceText(attempt, "clients"));
    expect(text).toContain("charged to: accept queue, at the SYN.");
    expect(text).toContain(
      "SYN queue 0, accept queue 2; DROPPED: accept queue, at the SYN; syn accept full (ListenOverflows+1, ListenDrops+1)",
    );
    expect(text).toContain("attempt over: app_timeout, charged to: accept queue, at the SYN");
  });

  test("a port where nobody listens answers by a RST", async () => {
    const text = flat(await textOf(one({}, { listen_start_s: 60 })));
    expect(text).toContain("RST-ACK seq 0 ack 1");
    expect(text).toContain("DROPPED: closed port; no socket (OutRsts+1)");
    expect(text).toContain("attempt over: refused, charged to: closed port");
  });
});

test("no line is longer than a terminal of 120 columns, and the text is the same each time", async () => {
  const spec = specOf(
    one(
      { duration_s: 20, path: { to_server: { loss: 0.1, duplicate: 0.1 }, to_client: { loss: 0.1 } } },
      { accept: { mode: "rate", rate_per_s: 20 } },
      { count: 200, rate_per_s: 60, response_bytes: 50_000 },
    ),
  );
  const ladders = async (): Promise<string[]> => {
    const watch = new Watch({ wants: () => true });
    await observe(spec, watch, goOn);
    return [...watch.events.values()].map((events) => ladderOf(events, 0));
  };
  const texts = await ladders();
  expect(texts).toHaveLength(200);
  for (const line of texts.join("\n").split("\n")) expect(line.length).toBeLessThanOrEqual(LADDER_COLUMNS);
  expect(await ladders()).toEqual(texts);
});

test.each([
  ["a bb ccc", 4, ["a bb", "ccc"]],
  ["abcdef g", 3, ["abc", "def", "g"]],
  ["", 5, [""]],
])("%j is wrapped at %d", (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});
