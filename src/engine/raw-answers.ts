/**
 * What leaves the server, and the flood link: bare packets have no socket, so answers to the server's SYN-ACKs come from here.
 *
 * Answers    ack completes the handshake, then silence; bad_ack has a wrong ACK number; rst carries the SYN-ACK's ACK number as its sequence
 *            number. One for every SYN-ACK, retransmitted ones included (answer-queue.ts says when).
 */
import { Match, RawAnswer, type RunSpec, WorkloadKind } from "../vocabulary/run-spec.ts";
import type { AnswerQueue } from "./answer-queue.ts";
import {
  ACK,
  MORE_SHIFT,
  RST,
  S_ACK,
  S_ATTEMPT,
  S_DST,
  S_FLAGS,
  S_HASH,
  S_LEN,
  S_PORTS,
  S_SEQ,
  S_SRC,
  SYN,
} from "./layout.ts";
import type { Ledger } from "./ledger.ts";
import { isDataWithFin, packetClass, WIRE_ATK, WIRE_OUT, WIRE_OUT_BOTH } from "./link.ts";
import { type Recorder, WorkloadField } from "./recorder.ts";

/** How far a wrong ACK number is off. */
const BAD_ACK_OFFSET = 0x10000;

export class RawAnswerer {
  /** The wire counters at the server (run-result.ts: WIRE_NAMES). */
  readonly wire: Float64Array;
  /** Per workload: its answers, null where it gives none. */
  readonly #queues: readonly (AnswerQueue | null)[];
  readonly #ledger: Ledger;
  readonly #answers: readonly number[];
  readonly #recorder: Recorder;

  constructor(
    spec: RunSpec,
    wire: Float64Array,
    queues: readonly (AnswerQueue | null)[],
    ledger: Ledger,
    recorder: Recorder,
  ) {
    this.wire = wire;
    this.#queues = queues;
    this.#ledger = ledger;
    this.#answers = spec.workloads.map((w) => (w.kind === WorkloadKind.Raw ? w.answer : RawAnswer.Nothing));
    this.#recorder = recorder;
  }

  /** Whether an attempt is a raw workload that answers nothing: what is sent to it need not be made. */
  isMute(attempt: number): boolean {
    return attempt < -1 && this.#queues[-2 - attempt] === null;
  }

  countOut(flags: number): void {
    const at = WIRE_OUT + packetClass(flags);
    this.wire[at] = this.wire[at]! + 1 + (flags >>> MORE_SHIFT);
    if (isDataWithFin(flags)) this.wire[WIRE_OUT_BOTH] = this.wire[WIRE_OUT_BOTH]! + 1;
  }

  /** A segment for an address of the flood link. `ports`: server's << 16 | raw packet's. */
  receive(flags: number, server: number, peer: number, ports: number, seq: number, ack: number, attempt: number): void {
    if ((flags & (SYN | ACK)) !== (SYN | ACK)) return;
    this.wire[WIRE_ATK + 3] = this.wire[WIRE_ATK + 3]! + 1;
    const workload = -2 - attempt;
    const queue = workload >= 0 ? this.#queues[workload]! : null;
    if (queue === null) return;
    this.#recorder.countWorkload(workload, WorkloadField.synacksSeen);
    queue.wake();
    const answer = this.#answers[workload]!;
    const at = queue.push();
    const words = queue.words;
    words[at + S_FLAGS] = answer === RawAnswer.Rst ? RST : ACK;
    words[at + S_SRC] = peer;
    words[at + S_DST] = server;
    words[at + S_PORTS] = ports;
    words[at + S_SEQ] = ack;
    words[at + S_ACK] =
      answer === RawAnswer.Rst ? 0 : (seq + 1 + (answer === RawAnswer.BadAck ? BAD_ACK_OFFSET : 0)) | 0;
    words[at + S_LEN] = 0;
    words[at + S_ATTEMPT] = attempt;
    words[at + S_HASH] = this.#ledger.packetHash(attempt);
  }

  /** `n` SYN-ACKs or RSTs to mute raw addresses, sent without being made. */
  countMute(isSynAck: boolean, n: number): void {
    const at = WIRE_OUT + (isSynAck ? Match.SynAck : Match.Rst);
    this.wire[at] = this.wire[at]! + n;
    if (isSynAck) this.wire[WIRE_ATK + 3] = this.wire[WIRE_ATK + 3]! + n;
  }
}
