/**
 * Goal    What a kernel says to segments that come twice, or overtaken by later ones.
 * Method  Each story was told to a running 6.18.44, segment by segment through a TUN device, and its answers and counters were written down here (but for
 *         the kernel's own books on SACK and out-of-order queues). Numbers are relative to both sides' initial ones: the peer's first byte is 1.
 */
import { describe, expect, test } from "vitest";
import { shutdownWrite } from "../../src/engine/close.ts";
import { ACK, FIN, OPT_SACK, PART, PSH, RST, SYN } from "../../src/engine/layout.ts";
import { NO_ATTEMPT } from "../../src/engine/ledger.ts";
import { type Arriving, type Sent, TestHost } from "./helpers.ts";

const ISN = 1000;
const BYTES = 100;
/** The peer's clock when its SYN leaves. */
const TSVAL = 500_000;

/** What the peer does; `tsval`: of a clock that stands still unless it is given. */
interface Step {
  readonly flags: number;
  readonly seq: number;
  readonly ack?: number;
  readonly length?: number;
  readonly ts?: number;
}
const syn: Step = { flags: SYN, seq: 0 };
const ack = (seq: number, number: number, ts?: number): Step => ({ flags: ACK, seq, ack: number, ...clock(ts) });
const data = (seq: number, number: number, ts?: number, length = BYTES): Step => ({
  ...{ flags: PSH | ACK, seq, ack: number, length },
  ...clock(ts),
});
const fin = (seq: number, number: number, ts?: number): Step => ({ flags: FIN | ACK, seq, ack: number, ...clock(ts) });
const clock = (ts: number | undefined): { ts?: number } => (ts === undefined ? {} : { ts });

const LETTERS = [
  [FIN, "F"],
  [SYN, "S"],
  [RST, "R"],
  [PSH, "P"],
  [ACK, "A"],
] as const;

/** A server's socket and its peer, 20 ms away; all but the clock as in the kernel's run. */
class Story {
  readonly host = new TestHost();
  readonly #withTs: boolean;
  #own = 0;
  row = -1;

  constructor(withTs: boolean) {
    this.#withTs = withTs;
    this.#own = this.host.syn(40_000, ISN, this.#words({ flags: SYN | OPT_SACK, seq: 0, ts: 0 }));
    this.host.advanceTo(0.02);
    this.host.delta();
  }

  #words({ flags, seq, ack: number, length, ts }: Step): Arriving {
    return {
      ...{ flags: flags === SYN ? SYN | OPT_SACK : flags, seq: ISN + seq, length: length ?? 0 },
      ...(number === undefined ? {} : { ack: (this.#own + number) | 0 }),
      ...(this.#withTs ? { tsval: TSVAL + (ts ?? 0) } : {}),
    };
  }

  /** The final ACK, and accept(). */
  establish(): this {
    this.tell(ack(1, 1));
    this.row = this.host.accept();
    return this;
  }

  close(): void {
    this.host.close(this.row);
    this.host.delta();
  }

  shutdown(): void {
    shutdownWrite(this.host.host, this.row, NO_ATTEMPT);
    this.host.delta();
  }

  /** Answers as the kernel's were noted: flags, sequence and ACK number; then counters, without "TcpExt". */
  tell(step: Step): string {
    const replies = this.host.receive(this.#words(step)).map((sent) => this.#text(sent));
    const counters = Object.entries(this.host.delta())
      .filter(([name]) => name !== "TcpOutSegs" && name !== "TcpCurrEstab")
      .map(([name, n]) => `${name.replace(/^Tcp(Ext)?/, "")}${n === 1 ? "" : ` ${n}`}`)
      .sort();
    return [...replies, ...counters].join(", ");
  }

  #text({ flags, seq, ack: number }: Sent): string {
    const letters = LETTERS.map(([flag, letter]) => ((flags & flag) !== 0 ? letter : "")).join("");
    const acked = (flags & ACK) !== 0 ? ` ${(number - ISN) | 0}` : "";
    return `${letters} ${(seq - this.#own) | 0}${acked}`;
  }
}

type Tale = readonly (readonly [step: Step, answer: string])[];
interface Case {
  readonly title: string;
  readonly begin: (story: Story) => void;
  readonly tale: Tale;
}

const half = (): void => undefined;
const open = (story: Story): void => void story.establish();
const closed = (story: Story): void => story.establish().close();
const shut = (story: Story): void => story.establish().shutdown();
/** The server closed first and the peer's FIN came: TIME_WAIT. */
const waiting = (story: Story): void => {
  story.establish().close();
  story.tell(fin(1, 2));
};
/** The peer closed first, and all is over. */
const gone = (story: Story): void => {
  story.establish().tell(fin(1, 1));
  story.close();
  story.tell(ack(2, 2));
};
const lastAck = (story: Story): void => {
  story.establish().tell(fin(1, 1));
  story.close();
};

const cases: readonly Case[] = [
  {
    title: "data completes the handshake; the final ACK that it overtook is outside the window, and so is its copy",
    begin: half,
    tale: [
      [data(1, 1), "A 1 101, PassiveOpens"],
      [ack(1, 1), "A 1 101"],
      [ack(1, 1), "TCPACKSkippedSeq"],
      [data(1, 1), "A 1 101"],
    ],
  },
  {
    title: "a FIN that overtook the data waits for it; one ACK takes both",
    begin: open,
    tale: [
      [fin(101, 1), "A 1 1"],
      [fin(101, 1), "A 1 1"],
      [data(1, 1), "A 1 102"],
      [fin(101, 1), "A 1 102"],
      [ack(1, 1), "A 1 102"],
      [ack(101, 1), "TCPACKSkippedSeq"],
    ],
  },
  {
    title: "a FIN waits until the last byte before it has come",
    begin: open,
    tale: [
      [fin(201, 1), "A 1 1"],
      [{ ...data(1, 1), flags: PSH | ACK | PART }, "A 1 101"],
      [data(101, 1), "A 1 202"],
    ],
  },
  {
    title: "of a segment whose beginning came before, the rest is taken",
    begin: open,
    tale: [
      [data(1, 1), "A 1 101"],
      [data(1, 1, 0, 3 * BYTES), "A 1 301"],
      [data(101, 1), "A 1 301"],
    ],
  },
  {
    title: "a FIN completes the handshake and waits for the data before it",
    begin: half,
    tale: [
      [fin(101, 1), "A 1 1, PassiveOpens"],
      [ack(1, 1), ""],
      [data(1, 1), "A 1 102"],
    ],
  },
  {
    title: "a SYN that comes again after the child was made is challenged, once in 500 ms",
    begin: open,
    tale: [
      [syn, "A 1 1, InErrs, TCPChallengeACK, TCPSYNChallenge"],
      [syn, "InErrs, TCPACKSkippedChallenge, TCPSYNChallenge"],
    ],
  },
  {
    title: "a FIN that overtook data which nobody will read resets an orphan in FIN_WAIT1",
    begin: closed,
    tale: [[fin(101, 1), "R 1, OutRsts, TCPAbortOnData"]],
  },
  {
    title: "the same FIN, though it acknowledges the orphan's own",
    begin: closed,
    tale: [[fin(101, 2), "R 2, OutRsts, TCPAbortOnData"]],
  },
  {
    title: "the same FIN meets FIN_WAIT2's mini-socket: reset, without a word about data",
    begin: closed,
    tale: [
      [ack(1, 2), "TW"],
      [fin(101, 2), "R 2, OutRsts"],
    ],
  },
  {
    title: "in FIN_WAIT1, a FIN that overtook the data waits for it while somebody reads",
    begin: shut,
    tale: [
      [fin(101, 1), "A 2 1"],
      [data(1, 1), "A 2 102"],
      [ack(102, 2), "TW"],
    ],
  },
  {
    title: "in FIN_WAIT2 too; the ACK of both leaves on the way to TIME_WAIT",
    begin: (story) => {
      shut(story);
      story.tell(ack(1, 2));
    },
    tale: [
      [fin(101, 2), "A 2 1"],
      [data(1, 2), "A 2 102, TW"],
    ],
  },
  {
    title: "in CLOSING, copies are acknowledged, and a SYN finds the limiter taken",
    begin: closed,
    tale: [
      [fin(1, 1), "A 2 2"],
      [fin(1, 1), "A 2 2"],
      [ack(1, 1), "A 2 2"],
      [syn, "TCPACKSkippedChallenge, TCPSYNChallenge"],
      [ack(2, 2), "TW"],
    ],
  },
  {
    title: "in LAST_ACK, copies are acknowledged too",
    begin: lastAck,
    tale: [
      [fin(1, 1), "A 2 2"],
      [ack(1, 1), "A 2 2"],
      [ack(1, 1), "TCPACKSkippedSeq"],
      [syn, "TCPACKSkippedChallenge, TCPSYNChallenge"],
      [ack(2, 2), ""],
    ],
  },
  {
    title: "in TIME_WAIT, a FIN is always acknowledged, a bare ACK in order never",
    begin: waiting,
    tale: [
      [fin(1, 2), "A 2 2"],
      [fin(1, 2), "A 2 2"],
      [ack(2, 2), ""],
    ],
  },
  {
    title: "in TIME_WAIT, a bare ACK that was overtaken is acknowledged, its copy not",
    begin: waiting,
    tale: [
      [ack(1, 1), "A 2 2"],
      [ack(1, 1), "TCPACKSkippedTimeWait"],
    ],
  },
  {
    title: "after the end, copies are reset",
    begin: gone,
    tale: [
      [fin(1, 1), "R 1, OutRsts"],
      [ack(1, 1), "R 1, OutRsts"],
    ],
  },
];

describe.each([true, false])("with timestamps: %s", (withTs) => {
  for (const { title, begin, tale } of cases) {
    test(title, () => {
      const story = new Story(withTs);
      begin(story);
      expect(tale.map(([step]) => story.tell(step))).toEqual(tale.map(([, answer]) => answer));
    });
  }
});

describe("timestamps of what was overtaken", () => {
  const newest = 1000;
  const ages = [
    // ms older than the newest, its answers: old bare ACK, data again, bare ACK in order, new data
    [0, ["A 1 101", "A 1 101", "", "A 1 201"]],
    [1, ["A 1 101", "A 1 101", "", "A 1 201"]],
    [2, ["PAWSOldAck", "A 1 101, PAWSEstab", "A 1 101, PAWSEstab", "A 1 101, PAWSEstab"]],
    [50, ["PAWSOldAck", "A 1 101, PAWSEstab", "A 1 101, PAWSEstab", "A 1 101, PAWSEstab"]],
  ] as const;
  test.each(ages)(
    "%i ms older than the newest: one millisecond is forgiven, and old bare ACKs get no answer",
    (age, answers) => {
      const story = new Story(true).establish();
      expect(story.tell(data(1, 1, newest))).toBe("A 1 101");
      const ts = newest - age;
      const told = [ack(1, 1, ts), data(1, 1, ts), ack(101, 1, ts), data(101, 1, ts)].map((step) => story.tell(step));
      expect(told).toEqual(answers);
    },
  );

  test("go back in no case: what is forgiven does not become the newest", () => {
    const story = new Story(true).establish();
    story.tell(data(1, 1, newest));
    story.tell(data(101, 1, newest - 1));
    expect(story.host.sent.at(-1)?.tsecr).toBe(TSVAL + newest);
    expect(story.tell(data(101, 1, newest - 2))).toBe("A 1 201, PAWSEstab");
  });

  test("in TIME_WAIT nothing is forgiven", () => {
    const story = new Story(true);
    closed(story);
    story.tell(fin(1, 2, newest));
    expect(story.tell(ack(1, 1, newest))).toBe("A 2 2");
    expect(story.tell(fin(1, 2, newest - 1))).toBe("A 2 2, PAWSTimewait");
  });

  test("an old SYN in TIME_WAIT is too old, and is answered like any old segment", () => {
    const story = new Story(true);
    closed(story);
    story.tell(fin(1, 2, newest));
    expect(story.tell(syn)).toBe("A 2 2, PAWSTimewait");
    expect(story.tell(syn)).toBe("PAWSTimewait, TCPACKSkippedTimeWait");
  });
});

test("while the ACK of a FIN is delayed, a bare ACK from before the FIN is not old yet", () => {
  const story = new Story(false).establish();
  expect(story.tell(fin(1, 1))).toBe("");
  expect(story.tell(ack(1, 1))).toBe("");
  story.host.advanceTo(0.2);
  story.host.delta();
  expect(story.tell(ack(1, 1))).toBe("A 1 2");
});

test("data that comes again ends delayed ACKs", () => {
  const story = new Story(false).establish();
  story.tell(data(1, 1));
  story.host.write(story.row, 50);
  story.host.delta();
  expect(story.tell(data(101, 51))).toBe("");
  expect(story.tell(data(101, 51))).toBe("A 51 201");
  expect(story.tell(data(201, 51))).toBe("A 51 301");
});
