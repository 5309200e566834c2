/**
 * Goal    A ladder says what happened, fits a terminal, and is the same each time.
 * Method  The whole text of a handshake and a close in order; of runs with losses what must stand in it; widths over many attempts.
 */
import { describe, expect, test } from "vitest";
import { firstNumbersOf, LADDER_COLUMNS, ladderOf } from "../../src/trace/ladder.ts";
import { addVerdict, noteOf, noteText, packNotes, TIMER, timerNote, verdictNote, wrap } from "../../src/trace/notes.ts";
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

/** Of any run: what a watch that is told by hand may look at. */
const SPEC = specOf(one());

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
    expect(text).toContain("timer: SYN sent again (TCPTimeouts+1, TcpTimeoutRehash+1, RetransSegs+1, TCPSynRetrans+1)");
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
      "SYN queue 0/2; accept queue 2/2 DROPPED: accept queue, at the SYN (ListenOverflows+1, ListenDrops+1)",
    );
    expect(text).toContain("attempt over: app_timeout, charged to: accept queue, at the SYN");
  });

  test("a port where nobody listens answers by a RST", async () => {
    const text = flat(await textOf(one({}, { listen_start_s: 60 })));
    expect(text).toContain("RST-ACK seq 0 ack 1");
    expect(text).toContain("DROPPED: closed port (OutRsts+1)");
    expect(text).toContain("attempt over: refused, charged to: closed port");
  });
});

test("a full socket in SYN_RECV is in no queue", async () => {
  const ladder = await textOf(one({}, {}, { simultaneous_open: true, first_closer: "none" }));
  expect(flat(ladder)).toMatch(/ SYN_RECV .* SYN_RECV .*open, without a queue/);
  expect(ladder).not.toContain("SYN queue");
});

describe("what a server without a socket is", () => {
  test("CLOSED where nobody listens", async () => {
    expect(await rungs(one({}, { listen_start_s: 60 }))).toEqual([
      "SYN_SENT SYN seq 0 - CLOSED",
      "SYN_SENT -▶ SYN seq 0 CLOSED",
      "SYN_SENT - RST-ACK seq 0 ack 1 CLOSED",
      "CLOSED RST-ACK seq 0 ack 1 ◀- CLOSED",
      "CLOSED CLOSED",
    ]);
  });

  test("LISTEN while SYNs are dropped, and again when a half-open was given up", async () => {
    const lost = [{ direction: "to_client", match: "synack", drop_every_nth: 1 }];
    const retries = { "net.ipv4.tcp_synack_retries": 0 };
    const keys = one({ impairments: lost, duration_s: 1.9 });
    const server = { ...(keys.server as Keys), sysctls: retries };
    const client = { one_way_delay_s: 0.02, sysctls: { "net.ipv4.tcp_syn_linear_timeouts": 0 } };
    const states = (await rungs({ ...keys, server, client })).map((line) => line.split(" ").at(-1));
    expect(states.join(" ")).toMatch(/^LISTEN( SYN_RECV)+( LISTEN)+( SYN_RECV)+$/);
  });

  test("not known before a packet leaves for it", async () => {
    const narrow = { sysctls: { "net.ipv4.ip_local_port_range": "40000 40000" } };
    const keys = one({ client: narrow }, {}, { count: 2, rate_per_s: 10, hold_s: 50 });
    const [attempt] = await traceAttempts(specOf(keys), { outcome: "no_local_port" }, goOn);
    if (attempt === undefined) throw new Error("no attempt failed");
    expect(ladderOf(attempt.events, attempt.startNs).split("\n")[2]).toMatch(
      /^ {3}\+0\.000000 {2}CLOSED {62}DROPPED: no local port, EADDRNOTAVAIL$/,
    );
  });
});

describe("timers", () => {
  test("say when they are to fire: SYN and SYN-ACK 1 s, data after srtt and 200 ms, TIME_WAIT 60 s", async () => {
    const text = await textOf(one());
    const noteOf = (rung: RegExp): string => text.split("\n").slice(6).join("\n").match(rung)?.[1] ?? "";
    expect(noteOf(/SYN seq 0 ─+╌ {2}LISTEN +connect\(\) \(ActiveOpens\+1\)\n +(.*)/)).toBe("timer in 1 s");
    expect(noteOf(/len 200 ─+╌ {2}SYN_RECV +(.*)/)).toBe("timer in 244 ms");
    expect(noteOf(/ACK seq 1002 ack 202 {2}TIME_WAIT +(.*)/)).toBe("mini-socket (TW+1); timer in 60 s");
  });
});

test.each([
  [0, "timer at the next tick"],
  [4e6, "timer in 4 ms"],
  [6e10, "timer in 60 s"],
])("a timer of %d ns is said as %s", (ns, text) => expect(timerNote(ns)).toBe(text));

describe("a ladder ends", () => {
  test("with both ends gone, and nothing is said", async () => {
    expect(await textOf(one())).not.toContain("end of the run");
  });

  test("or with the states that the end of the run finds", async () => {
    const text = await textOf(one({ duration_s: 50 }));
    expect(text.trimEnd().split("\n").at(-1)).toMatch(/^ {2}\+49\.999\d{3} {2}CLOSED {49}TIME_WAIT {4}end of the run$/);
  });

  test("or when its id goes to another attempt: what that one does is not told", () => {
    const watch = new Watch({ wants: (number) => number === 1 });
    const runAt = (nowNs: number): void => watch.starts({ nowNs, queuesAt: () => null, specOf: () => SPEC.server });
    runAt(0);
    watch.began(7);
    watch.changed(7, false, 1);
    runAt(2e9);
    watch.began(7);
    watch.changed(7, false, 2);
    watch.finish(3e9);
    expect(
      ladderOf(watch.events.get(1) ?? [], 0)
        .split("\n")
        .slice(2),
    ).toEqual([
      expect.stringMatching(/\+0\.000000 {2}ESTABLISHED$/),
      expect.stringMatching(/\+2\.000000 {2}ESTABLISHED +what its sockets still do is not told$/),
    ]);
  });
});

test("and not an earlier connection's, whose SYN comes again", async () => {
  const [attempt] = await traceAttempts(specOf(one()), { connection: 1 }, goOn);
  const own = attempt?.events ?? [];
  const old = own.map((event) =>
    event.kind === "sent" ? { ...event, earlier: true, segment: { ...event.segment, seq: 5 } } : event,
  );
  expect(firstNumbersOf([...old, ...own, ...old])).toEqual(firstNumbersOf(own));
});

describe("a packet's label", () => {
  const NUMBER = 2 ** 31 + 5;
  const rung = (length: number, segments: number, seq: number, flags = 24): string => {
    const watch = new Watch({ wants: () => true });
    watch.starts({ nowNs: 0, queuesAt: () => null, specOf: () => SPEC.server });
    watch.began(1);
    const ends = { mss: 1460, source: 1, destination: 2, sourcePort: 3, destinationPort: 80 };
    const options = {
      timestamps: null,
      sackPermitted: false,
      windowScale: false,
      sacks: false,
      isCopy: false,
      isLate: false,
    };
    watch.sent(1, { toServer: true, flags, seq, ack: seq, length, segments, id: 1, ...ends, ...options });
    return ladderOf(watch.events.get(1) ?? [], 0)
      .split("\n")
      .slice(2)
      .join("\n");
  };

  const rows = [
    ["has its size as long as there is room", rung(12345, 1, 12345), "PSH-ACK seq 12345 ack 12345 len 12345 ─╌", ""],
    ["and else beside it", rung(123456, 1, 12345), "PSH-ACK seq 12345 ack 12345 ───────────╌", "len 123456"],
    ["numbers of nobody are long", rung(100, 12, NUMBER), "PSH-ACK seq 2147483653 ack 2147483653 ─╌", "len 100 ×12"],
  ] as const;
  test.each(rows)("%s", (_why, line, packet, beside) => {
    expect(line).toBe(`   +0.000000  CLOSED       ${packet.padEnd(40)}  CLOSED       ${beside}`.trimEnd());
  });
});

describe("what an earlier connection of the same two ends left", () => {
  /** One local port: the second connection finds the server's TIME_WAIT of the first. Behind the address are so many users. */
  const again = (users: number, sysctls: Keys = {}): Keys =>
    one(
      {
        duration_s: 20,
        client: { one_way_delay_s: 0.02, sysctls: { "net.ipv4.ip_local_port_range": "40000 40000", ...sysctls } },
      },
      {},
      { count: 2, rate_per_s: 0.2, clients_per_address: users },
    );
  const second = async (keys: Keys, seed: number): Promise<string> => {
    const [attempt] = await traceAttempts({ ...specOf(keys), seed }, { connection: 2 }, goOn);
    if (attempt === undefined) throw new Error("no second attempt");
    return ladderOf(attempt.events, attempt.startNs);
  };

  test("is the state that it finds, and goes when its SYN is let through", async () => {
    const ladder = await second(again(1), 1);
    expect(ladder).toMatch(/\+0\.000000 {2}SYN_SENT {5}SYN seq 0 ─+╌ {2}TIME_WAIT/);
    expect(ladder).toMatch(/─▶ SYN seq 0 {2}SYN_RECV/);
    expect(ladder).not.toContain("earlier connection");
  });

  test("are the packets that it answers with, which count from the numbers of this one", async () => {
    const seeds = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => second(again(2), seed)));
    const refused = seeds.filter((ladder) => ladder.includes("older timestamp (PAWSTimewait+1)"));
    expect(refused.length).toBeGreaterThan(0);
    for (const ladder of refused) {
      expect(ladder).toMatch(/╌─+ ACK seq -?\d{4,} ack -?\d{4,} {2}TIME_WAIT {4}belongs to an earlier connection/);
      expect(ladder).toMatch(/▶ RST seq -?\d{4,} {2}CLOSED {7}belongs to an earlier connection\n +mini-socket gone/);
      expect(ladder).toMatch(/─▶ SYN seq 0 {2}SYN_RECV/);
    }
  });

  test("does not end what has taken its place", () => {
    const watch = new Watch({ wants: (number) => number === 2, earlier: new Map([[1, [2]]]) });
    watch.starts({ nowNs: 0, queuesAt: () => null, specOf: () => SPEC.server });
    watch.began(7);
    watch.changed(7, true, 6);
    watch.changed(7, false, 1);
    watch.began(8);
    watch.changed(8, true, 3);
    watch.changed(7, true, 7);
    watch.changed(7, false, 7);
    expect(
      ladderOf(watch.events.get(2) ?? [], 0)
        .split("\n")
        .slice(2),
    ).toEqual([
      expect.stringMatching(/ {2}ESTABLISHED {2} +SYN_RECV$/),
      expect.stringMatching(/ {2}CLOSED {2} +SYN_RECV$/),
    ]);
  });
});

test("the numbers from which seq and ack count are each end's first", async () => {
  const [attempt] = await traceAttempts(specOf(one()), { connection: 1 }, goOn);
  const first = (toServer: boolean): number | undefined =>
    attempt?.events
      .flatMap((event) => (event.kind === "sent" ? [event.segment] : []))
      .find((s) => s.toServer === toServer)?.seq;
  expect(await textOf(one())).toContain(`seq and ack count from ${first(true)} (client) and ${first(false)} (server).`);
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
  [0.02, [], "+0.020", "at the moment itself: nothing is left out"],
  [0.021, ["         ...  2 lines before"], "+0.04", "two lines are left out"],
  [0.005, ["         ...  1 line before"], "+0.02", "one line"],
])("from %d s on: %j, then %s", async (fromS, leftOut, first) => {
  const [attempt] = await traceAttempts(specOf(one()), { connection: 1 }, goOn);
  if (attempt === undefined) throw new Error("no attempt");
  const events = attempt.events.filter(({ kind }) => kind === "sent").map((event, i) => ({ ...event, atNs: i * 2e7 }));
  const lines = ladderOf(events, fromS === 0.02 ? -2e7 : 0, fromS * 1e9)
    .split("\n")
    .slice(2);
  expect(lines.slice(0, leftOut.length)).toEqual(leftOut);
  expect(lines[leftOut.length]?.trim().startsWith(first)).toBe(true);
});

test("heads are no longer than a terminal either", async () => {
  const keys = one({}, { accept: { mode: "never" } }, { count: 3, rate_per_s: 10, connect_timeout_s: 3 });
  for (const attempt of await traceAttempts(specOf(keys), { slowest: 3 }, goOn))
    for (const line of traceText(attempt, "clients").split("\n"))
      expect(line.length).toBeLessThanOrEqual(LADDER_COLUMNS);
});

test.each([
  ["a bb ccc", 5, ["a bb", "  ccc"]],
  ["abcdef g", 5, ["abcde", "f g"]],
  ["", 5, [""]],
])("%j is wrapped at %d", (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});

test.each([
  [["a", "b"], 4, ["a; b"], "two fit, with what parts them"],
  [["a", "bc"], 4, ["a", "bc"], "one more than fits begins a line"],
  [["a b c", "d"], 4, ["a b", "  c", "d"], "a note that is longer than a line goes on below"],
  [[], 4, [], "no note is no line"],
] as const)("notes %j at %d: %j, %s", (notes, width, lines, _why) => {
  expect(packNotes(notes, width)).toEqual(lines);
});

test.each([
  ["lost_retransmit", "(TCPLostRetransmit+2)", "counted without words, twice"],
  ["no_socket", "DROPPED: closed port (OutRsts+2)", "a gate says it all"],
  [
    "handshake_aborted",
    /^DROPPED: accept queue, at the ACK, tcp_abort_on_overflow \(.*OutRsts\+2\)$/,
    "a gate and more",
  ],
  ["request_paws_rst", /^DROPPED: .*, request paws rst \(PAWSEstab\+2\)$/, "by its name"],
] as const)("verdict %s is said as %s: %s", (verdict, text, _why) => {
  const note = verdictNote(verdict, 2);
  expect(note && noteText(note)).toEqual(typeof text === "string" ? text : expect.stringMatching(text));
});

test("nothing is said of what was only sent", () => {
  expect(verdictNote("syn_queued", 1)).toBeNull();
});

test.each([
  [[], "(b+1)", "alone"],
  [["served"], "served (b+1)", "with the note before it"],
  [[TIMER], "timer (b+1)", "with a timer"],
])("a verdict that only counts, after %j: %s, %s", (before, text, _why) => {
  const notes = before.map(noteOf);
  addVerdict(notes, { words: "", counters: ["b+1"] });
  expect(notes.map(noteText)).toEqual([text]);
});

test.each([
  [{ words: "", counters: ["a+1"] }, ["gone (a+1, b+1)"], "takes up what was only counted"],
  [{ words: TIMER, counters: [] }, ["timer: gone (b+1)"], "stands behind its timer"],
  [{ words: TIMER, counters: ["a+1"] }, ["timer: gone (a+1, b+1)"], "and behind what that counted"],
  [{ words: "served", counters: [] }, ["served", "gone (b+1)"], "is a note of its own elsewhere"],
])("a verdict in words, after %j: %j, it %s", (before, texts, _why) => {
  const notes = [{ ...before, counters: [...before.counters] }];
  addVerdict(notes, { words: "gone", counters: ["b+1"] });
  expect(notes.map(noteText)).toEqual(texts);
});
