/**
 * Goal    docs/handshake.md and docs/teardown.md show what `halfopen trace` prints today, and the ladders show what is said about them.
 * Method  Each command of the pages runs in this process. Each row below is a claim of the text: a pattern in the ladder of a tuning, spaces and
 *         line ends being one space.
 */
import { existsSync, readFileSync } from "node:fs";
import { Command as Commander } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { storyNames } from "../../src/cli/shipped.ts";
import { command as trace } from "../../src/cli/trace.ts";
import { filledStory, partOf } from "../../src/generate/story-document.ts";

const PAGES = ["docs/handshake.md", "docs/teardown.md"];
const pages = PAGES.map((path) => readFileSync(path, "utf8"));
const story = (file: string): string => readFileSync(`config/stories/${file}.yaml`, "utf8");

/** What `npx halfopen trace ...` prints on standard output. */
async function print(line: string): Promise<string> {
  const [npx, halfopen, name, ...args] = line.split(" ");
  expect([npx, halfopen, name]).toEqual(["npx", "halfopen", "trace"]);
  let stdout = "";
  const context = {
    stdout: (data: string | Uint8Array): void => {
      stdout += String(data);
    },
    // A warning says what no kernel does.
    stderr: (text: string) =>
      expect(text.replace(/^.* warning: .*\b(no|every)( Linux)? kernel.*\n( {2}hint: .*\n)?/gm, "")).toBe(""),
    signal: new AbortController().signal,
  };
  const commander = new Commander().exitOverride();
  trace.configure(commander);
  commander.action(async (...given: unknown[]) => {
    expect(await trace.execute(context, given.slice(0, -2), given.at(-2) as Record<string, unknown>)).toBe(ExitCode.Ok);
  });
  await commander.parseAsync(args, { from: "user" });
  return stdout;
}

const printed = new Map<string, string>();
const filled: string[] = [];
beforeAll(async () => {
  for (const page of pages)
    filled.push(
      await filledStory(page, {
        story,
        print: async (line) => {
          printed.set(line, await print(line));
          return printed.get(line) ?? "";
        },
      }),
    );
}, 60_000);

describe("the pages are current (else: npm run docs:stories)", () => {
  test.each(PAGES)("%s", (path) => expect(filled[PAGES.indexOf(path)]).toBe(pages[PAGES.indexOf(path)]));
});

test("each tuning of each story is told, with what it changes", () => {
  const text = pages.join("\n");
  const tunings = storyNames().flatMap((name) =>
    [...(story(name).split("\ntunings:\n")[1] ?? "").matchAll(/^ {2}(\w+):/gm)].map(([, tuning]) => [name, tuning]),
  );
  expect(tunings.length).toBeGreaterThan(25);
  for (const [name, tuning] of tunings) {
    expect(text).toContain(`\n\`\`\`yaml ${name} ${tuning}\n`);
    expect(text).toMatch(new RegExp(`\\n\\$ npx halfopen trace ${name} .*--tuning ${tuning}\\b`));
  }
});

test("links lead to what is there", () => {
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-");
  const slugsOf = (page: string): string[] =>
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => slug(heading));
  pages.forEach((page, index) => {
    for (const [, path = "", hash = ""] of page.matchAll(/\]\(([^)#]*)#?([^)]*)\)/g)) {
      if (path !== "") expect(existsSync(`docs/${path}`), path).toBe(true);
      const target = path === "" ? page : pages[PAGES.indexOf(`docs/${path}`)];
      if (hash !== "") expect(slugsOf(target ?? ""), `${PAGES[index]} ${hash}`).toContain(hash);
    }
  });
});

const CLAIMS: readonly (readonly [string, string, RegExp, string])[] = [
  ["handshake", "normal", /len 100 ─+╌ SYN_RECV timer in 244 ms/, "a round trip of 40 ms, and 200 ms"],
  ["handshake", "syn_lost", /connected after 1\.0\d+ s.* 1 retransmission\./, "the whole connection is 1 s late"],
  ["handshake", "synack_lost", / 3 retransmissions\..*answered again.*challenge ACK/, "one lost, three sent again"],
  ["handshake", "ack_lost", /LOST.*timer: SYN-ACK sent again.*challenge ACK.*handshake done/, "the server mends it"],
  ["handshake", "ack_lost_data_follows", / 0 retransmissions\..*LOST.*len 100 ESTABLISHED/, "data completes it"],
  ["handshake", "ack_and_data_lost", / 1 retransmission\..*sent again as a probe/, "by a probe after 244 ms"],
  ["handshake", "closed_port", /RST-ACK seq 0 ack 1.*ECONNREFUSED/, "a RST that acknowledges the SYN"],
  [
    "handshake",
    "defer_accept",
    /TCPDeferAcceptDrop.*\+1\.\d+.*not sent again.*\+3\.\d+.*handshake done/,
    "two time-outs",
  ],
  ["giving-up", "syns_lost", /over after 134\.\d+ s, 10 retransmissions\./, "eleven SYNs in 134 s"],
  ["giving-up", "syns_lost_5_retries", /over after 64\.\d+ s, 5 retransmissions\./, "the classic 63 s"],
  ["giving-up", "acks_lost", / 5 retransmissions\..*\+64\.\d+ ESTABLISHED LISTEN timer: half-open/, "a ghost for good"],
  ["full-queues", "syn_queue_full", /SYN queue 2\/2; accept queue 0\/2 DROPPED: SYN queue full/, "two fill it"],
  ["full-queues", "cookie", /answered by a cookie .*SYN queue 2\/2; .*cookie valid, handshake done/, "no place needed"],
  ["full-queues", "cookie_ack_lost", /LOST.*ESTABLISHED LISTEN end of the run/, "the client is ESTABLISHED alone"],
  ["full-queues", "accept_queue_full", /accept queue 2\/2 DROPPED: accept queue, at the SYN/, "the SYN is dropped"],
  [
    "full-queues",
    "ghost",
    /\+64\.\d+ ESTABLISHED LISTEN.*FIN-ACK.*DROPPED: half-open given up.*RST/,
    "it learns by RST",
  ],
  [
    "full-queues",
    "ghost",
    /^(?:(?!at the ACK).)*(?:at the ACK(?:(?!at the ACK).)*){6}$/,
    "the ACK and five more tries",
  ],
  ["full-queues", "ghost_recovers", /\+3\.\d+ ESTABLISHED .*handshake done/, "the next SYN-ACK finds room"],
  ["full-queues", "ghost_speaks", /ACK seq 101 ack 1 ESTABLISHED .*handshake done/, "beyond the data, in the window"],
  ["full-queues", "abort_on_overflow", /over after 80\.\d+ ms.*RST seq 1 ─+╌ LISTEN|RST seq 1 LISTEN/, "told at once"],
  ["closing", "three_segments", /FIN_WAIT2 FIN-ACK.* TIME_WAIT ACK seq 2 ack 2/, "in one go"],
  ["closing", "four_segments", /FIN_WAIT2 ACK seq 1 ack 2.* TIME_WAIT FIN-ACK seq 1 ack 2/, "one after the other"],
  ["closing", "fin_lost", / 1 retransmission\..*\+1\.284\d+ FIN_WAIT1 .* sent again as a probe/, "244 ms later"],
  ["closing", "ack_of_fin_lost", / 0 retransmissions\..*LOST/, "nobody notices"],
  ["closing", "second_fin_lost", / 1 retransmission\..*FIN_WAIT2 ╌─+ FIN-ACK.*sent again/, "the server's timer"],
  ["closing", "last_ack_lost", / 1 retransmission\..*LOST.* TIME_WAIT FIN-ACK.*timer in 60 s/, "60 s anew"],
  ["closing", "simultaneous", /CLOSING .*TIME_WAIT .*TIME_WAIT mini-socket/, "both pay"],
  ["closing", "half_close", /\+91\.\d+ FIN_WAIT2/, "it waits for 90 s"],
  ["closing", "fin_timeout", /\+31\.\d+ CLOSED CLOSE_WAIT timer: mini-socket gone.*RST seq 2/, "30 s, then a RST"],
  ["closing", "no_buckets", /TCPTimeWaitOverflow\+1.*reset by the peer/, "an orderly close ends in a reset"],
  ["closing", "unread_data", /close\(\) with unread data .*TCPAbortOnClose\+1/, "no FIN"],
  ["closing", "data_for_an_orphan", /data for an orphan .*RST seq 101 .*CLOSED reset by the peer/, "one short"],
  ["closing", "linger_0", /close\(\) with SO_LINGER 0 .*CLOSED reset by the peer/, "RST, not FIN"],
  ["closing", "orphan", /\+128\.\d+ CLOSED ESTABLISHED timer: given up/, "after 128 s"],
  [
    "old-packets",
    "old_syn",
    /\+60\.\d+ CLOSED .*an old duplicate.*RST seq 1 LISTEN .*half-open given up/,
    "a RST frees it",
  ],
  [
    "old-packets",
    "old_syn_overtakes",
    /connected after 88\.\d+ ms.*an old duplicate.*out of window: ACK/,
    "89 ms, not 40",
  ],
  [
    "old-packets",
    "old_data",
    /len 100.*an old duplicate out of window: ACK|an old duplicate; out of window: ACK/,
    "no harm",
  ],
  [
    "old-packets",
    "old_data_constant_isn",
    /stale data accepted.*challenge ACK \(TCPChallengeACK\+1\)/,
    "read by the wrong connection",
  ],
  ["old-packets", "old_data_timestamps", /an old duplicate.*older timestamp: ACK \(PAWSEstab\+1\)/, "PAWS"],
  [
    "two-way",
    "historical",
    /an old duplicate.*ESTABLISHED accept\(\).*TIME_WAIT ESTABLISHED end of the run/,
    "a historical connection",
  ],
  ["handshake", "simultaneous", /SYN_RECV .* SYN_RECV .*open, without a queue.*open, without a queue/, "no queue"],
  [
    "closing",
    "keepalive",
    /(keepalive probe(?:(?!keepalive probe).)*){3}keepalive timed out/,
    "three probes, and a RST",
  ],
  [
    "closing",
    "keepalive_after_crash",
    /keepalive probe.*RST seq 1 CLOSED reset by the peer/,
    "the first probe finds out",
  ],
  ["time-wait", "at_the_client", /EADDRNOTAVAIL/, "the port is taken"],
  ["time-wait", "tw_reuse", /takes the place of a TIME_WAIT \(TWRecycled\+1\).*handshake done/, "it takes it over"],
  ["time-wait", "at_the_server", /TIME_WAIT connect\(\).* SYN seq 0 SYN_RECV/, "the SYN is let through"],
  ["time-wait", "at_the_server_behind_nat", /PAWSTimewait.*RST seq -?\d+ CLOSED.*SYN seq 0 SYN_RECV/, "assassinated"],
];

describe("what is said of a ladder stands in it", () => {
  test.each(CLAIMS)("%s %s: %s, %s", (name, tuning, pattern, _why) => {
    const [, text] =
      [...printed].find(([line]) => line.includes(` ${name} `) && / --tuning (\w+)/.exec(line)?.[1] === tuning) ?? [];
    expect(text?.replace(/\s+/g, " ")).toMatch(pattern);
  });

  test("and every ladder has its claim", () => {
    const claimed = CLAIMS.map(([name, tuning]) => `${name} ${tuning}`);
    const told = [...printed.keys()].map((line) => `${line.split(" ")[3]} ${/ --tuning (\w+)/.exec(line)?.[1]}`);
    expect([...new Set(claimed)].sort()).toEqual([...new Set(told)].sort());
  });
});

describe("blocks are filled", () => {
  const text =
    "a: 1\nscenario:\n  b: 2\n\n  c: 3\ntunings:\n  one: {}\n  two:\n    # why\n    d: 4\n  last:\n    e: 5\n";
  test.each([
    ["scenario", "scenario:\n  b: 2"],
    ["one", "one: {}"],
    ["two", "two:\n  # why\n  d: 4"],
    ["last", "last:\n  e: 5"],
  ])("with the part %s", (part, expected) => expect(partOf(text, part)).toBe(expected));

  test("but not with a part that is not there", () => expect(() => partOf(text, "three")).toThrow("no three there"));

  test("and what is between them stays, whatever the output looks like", async () => {
    const page = "# T\n\n```yaml f one\nold\n```\n$1\n```console\n$ run it\nold\n```\n```js\nkept\n```\n";
    const once = await filledStory(page, { story: () => text, print: async (line) => `<${line}> $& $1\n\n` });
    expect(once).toBe(
      "# T\n\n```yaml f one\none: {}\n```\n$1\n```console\n$ run it\n<run it> $& $1\n```\n```js\nkept\n```\n",
    );
    expect(await filledStory(once, { story: () => text, print: async (line) => `<${line}> $& $1\n` })).toBe(once);
  });
});
