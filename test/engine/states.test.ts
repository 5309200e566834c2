/**
 * Goal    The eleven states of RFC 9293 (section 3.3.2, figure 5) at both ends, with the kernel's deviations (kernel-semantics 7.2).
 * Method  A row is a life: what happens to the socket, one word after another, and the state after each. The same rows for a child of a listener and
 *         for a socket that connected. LISTEN is a listener's, SYN-RECEIVED a half-open's (or simultaneous-open.test.ts), CLOSED no socket.
 */
import { describe, expect, test } from "vitest";
import { shutdownWrite } from "../../src/engine/close.ts";
import {
  ACK,
  CLOSE_WAIT,
  CLOSING,
  ESTABLISHED,
  FIN,
  FIN_WAIT1,
  FIN_WAIT2,
  LAST_ACK,
  NEW_SYN_RECV,
  PSH,
  RST,
  SYN,
  SYN_RECV,
  SYN_SENT,
  TIME_WAIT,
} from "../../src/engine/layout.ts";
import { NO_ATTEMPT } from "../../src/engine/ledger.ts";
import { TestHost } from "./helpers.ts";

const CLOSED = 0;

/** One end of a connection, and its peer, of which only numbers are known. */
class End {
  readonly host: TestHost;
  readonly row: number;
  /** The next sequence number of the host without and with its FIN. */
  readonly #next: number;
  readonly #port: number;
  readonly #own: number;
  /** The peer's next. */
  #seq: number;

  constructor(side: "server" | "client", sysctls = {}) {
    this.host = new TestHost({ isServer: side === "server", sysctls });
    if (side === "server") {
      [this.#port, this.#own, this.#seq] = [40_000, 80, 101];
      this.#next = this.host.establish();
      this.row = this.host.accept();
    } else {
      this.row = this.host.connect();
      const { seq, own } = this.host.sent[0]!;
      [this.#port, this.#own, this.#seq, this.#next] = [80, own, 701, (seq + 1) | 0];
      this.#receive(SYN | ACK, this.#next, 700);
    }
  }

  #receive(flags: number, ack: number, seq = this.#seq, length = 0): void {
    this.host.receive({ flags, seq, ack, length, port: this.#port, to: this.#own });
  }

  does(word: string): void {
    const acked = (this.#next + 1) | 0;
    const actions: Record<string, () => void> = {
      close: () => this.host.close(this.row),
      "close, linger 0": () => this.host.close(this.row, true),
      shutdown: () => shutdownWrite(this.host.host, this.row, NO_ATTEMPT),
      ACK: () => this.#receive(ACK, acked),
      FIN: () => this.#receive(FIN | ACK, this.#next, this.#seq++),
      "FIN+ACK": () => this.#receive(FIN | ACK, acked, this.#seq++),
      data: () => this.#receive(PSH | ACK, this.#next, this.#seq, 1),
      RST: () => this.#receive(RST, 0),
      "RST, one short": () => this.#receive(RST, 0, this.#seq - 1),
      "RST, one beyond": () => this.#receive(RST, 0, this.#seq + 1),
      SYN: () => this.#receive(SYN, 0),
    };
    const seconds = /^(\d+) s$/.exec(word)?.[1];
    if (seconds !== undefined) this.host.advanceTo(Number(seconds));
    else actions[word]!();
  }

  state(): number {
    return this.host.stateOf(this.#port, this.#own);
  }
}

/** What happens, the state after it, ... */
type Life = readonly (string | number)[];

const lives: readonly (readonly [Life, string])[] = [
  [["close", FIN_WAIT1, "ACK", FIN_WAIT2, "FIN+ACK", TIME_WAIT, "62 s", CLOSED], "active close, four waves"],
  [["close", FIN_WAIT1, "FIN+ACK", TIME_WAIT, "62 s", CLOSED], "active close, three segments: the FIN carries the ACK"],
  [["FIN", CLOSE_WAIT, "close", LAST_ACK, "ACK", CLOSED], "passive close"],
  [["close", FIN_WAIT1, "FIN", CLOSING, "ACK", TIME_WAIT, "62 s", CLOSED], "simultaneous close"],
  [
    ["shutdown", FIN_WAIT1, "ACK", FIN_WAIT2, "3600 s", FIN_WAIT2],
    "half-close: FIN_WAIT2 of a living process has no end",
  ],
  [
    ["shutdown", FIN_WAIT1, "ACK", FIN_WAIT2, "FIN+ACK", TIME_WAIT, "close", TIME_WAIT],
    "half-close, and the peer's FIN",
  ],
  [
    ["shutdown", FIN_WAIT1, "ACK", FIN_WAIT2, "close", FIN_WAIT2, "62 s", CLOSED],
    "half-close, then close(): tcp_fin_timeout",
  ],
  [["FIN", CLOSE_WAIT, "3600 s", CLOSE_WAIT], "CLOSE_WAIT has no end but close()"],
  [["close", FIN_WAIT1, "ACK", FIN_WAIT2, "62 s", CLOSED], "FIN_WAIT2 of an orphan: 60 s, and no TIME_WAIT"],
  [["close", FIN_WAIT1, "150 s", CLOSED], "a FIN that is never acknowledged: tcp_orphan_retries"],
  [["FIN", CLOSE_WAIT, "close", LAST_ACK, "150 s", CLOSED], "the last ACK never comes: no TIME_WAIT either"],
  [["close", FIN_WAIT1, "FIN", CLOSING, "150 s", CLOSED], "nor in CLOSING"],
  [["RST", CLOSED], "an exact RST"],
  [["RST, one beyond", ESTABLISHED], "a RST that is not exact is challenged"],
  [["RST, one short", ESTABLISHED], "a RST before the window is ignored"],
  [["SYN", ESTABLISHED], "a SYN is challenged"],
  [["FIN", CLOSE_WAIT, "RST", CLOSED], "a RST in CLOSE_WAIT"],
  [["FIN", CLOSE_WAIT, "RST, one short", CLOSED], "also one that does not count the FIN"],
  [["close", FIN_WAIT1, "RST", CLOSED], "a RST in FIN_WAIT1"],
  [["close", FIN_WAIT1, "FIN", CLOSING, "RST", CLOSED], "a RST in CLOSING"],
  [["FIN", CLOSE_WAIT, "close", LAST_ACK, "RST", CLOSED], "a RST in LAST_ACK"],
  [["close", FIN_WAIT1, "ACK", FIN_WAIT2, "RST", CLOSED], "a RST for the mini-socket in FIN_WAIT2"],
  [["close", FIN_WAIT1, "FIN+ACK", TIME_WAIT, "RST", CLOSED], "a RST in TIME_WAIT assassinates it (RFC 1337)"],
  [["data", ESTABLISHED, "close", CLOSED], "close() with unread data: RST, no TIME_WAIT"],
  [["close, linger 0", CLOSED], "close() with SO_LINGER 0"],
  [["FIN", CLOSE_WAIT, "close, linger 0", CLOSED], "the same in CLOSE_WAIT"],
  [["shutdown", FIN_WAIT1, "close, linger 0", CLOSED], "the same in FIN_WAIT1"],
  [["shutdown", FIN_WAIT1, "FIN", CLOSING, "close, linger 0", CLOSED], "the same in CLOSING, in silence"],
  [["close", FIN_WAIT1, "data", CLOSED], "data for a socket that nobody reads"],
];

describe.each(["server", "client"] as const)("a socket of the %s", (side) => {
  for (const [life, why] of lives) {
    test(why, () => {
      const end = new End(side);
      expect(end.state()).toBe(ESTABLISHED);
      for (let i = 0; i < life.length; i += 2) {
        end.does(life[i] as string);
        expect([life[i], end.state()]).toEqual([life[i], life[i + 1]]);
      }
      if (life.at(-1) === CLOSED) expect([end.host.host.orphans, end.host.host.timeWaits]).toEqual([0, 0]);
    });
  }
});

test("tcp_rfc1337=1 saves TIME_WAIT from a RST at either end", () => {
  for (const side of ["server", "client"] as const) {
    const end = new End(side, { "net.ipv4.tcp_rfc1337": 1 });
    for (const word of ["close", "FIN+ACK", "RST"]) end.does(word);
    expect(end.state()).toBe(TIME_WAIT);
  }
});

test("before ESTABLISHED: SYN-SENT, SYN-RECEIVED of a half-open and of a full socket", () => {
  const server = new TestHost();
  server.syn();
  expect(server.stateOf()).toBe(NEW_SYN_RECV);
  const client = new TestHost({ isServer: false });
  const row = client.connect();
  expect(client.host.stateOf(row)).toBe(SYN_SENT);
  client.receive({ flags: SYN, seq: 700, port: 80, to: client.sent[0]!.own });
  expect(client.host.stateOf(row)).toBe(SYN_RECV);
});
