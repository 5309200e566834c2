/**
 * What leaves the server, and the flood link: bare packets have no socket, so answers to the server's SYN-ACKs come from here.
 *
 * Answers    ack completes the handshake, then silence; bad_ack has a wrong ACK number; rst carries the SYN-ACK's ACK number as its sequence
 *            number. Each `answerDelayNs` after every SYN-ACK, retransmitted ones included.
 */
import { Match, RawAnswer, type RunSpec, WorkloadKind } from "../vocabulary/run-spec.ts";
import { ACK, RST, SYN } from "./layout.ts";
import { type Link, packetClass, WIRE_ATK, WIRE_OUT } from "./link.ts";
import { type Recorder, WorkloadField } from "./recorder.ts";

/** How far a wrong ACK number is off. */
const BAD_ACK_OFFSET = 0x10000;

export class RawAnswerer {
  /** The wire counters at the server (run-result.ts: WIRE_NAMES). */
  readonly wire: Float64Array;
  /** Per workload: the way of its answers, null where it gives none. */
  readonly #links: readonly (Link | null)[];
  readonly #answers: readonly number[];
  readonly #recorder: Recorder;

  constructor(spec: RunSpec, wire: Float64Array, links: readonly (Link | null)[], recorder: Recorder) {
    this.wire = wire;
    this.#links = links;
    this.#answers = spec.workloads.map((w) => (w.kind === WorkloadKind.Raw ? w.answer : RawAnswer.Nothing));
    this.#recorder = recorder;
  }

  countOut(flags: number): void {
    const at = WIRE_OUT + packetClass(flags);
    this.wire[at] = this.wire[at]! + 1;
  }

  /** A segment for an address of the flood link. `ports`: server's << 16 | raw packet's. */
  receive(flags: number, server: number, peer: number, ports: number, seq: number, ack: number, attempt: number): void {
    if ((flags & (SYN | ACK)) !== (SYN | ACK)) return;
    this.wire[WIRE_ATK + 3] = this.wire[WIRE_ATK + 3]! + 1;
    const workload = -2 - attempt;
    const link = workload >= 0 ? this.#links[workload]! : null;
    if (link === null) return;
    this.#recorder.countWorkload(workload, WorkloadField.synacksSeen);
    const next = (seq + 1) | 0;
    switch (this.#answers[workload]) {
      case RawAnswer.Ack:
        link.send(ACK, peer, server, ports, ack, next, 0, 0, 0, attempt);
        return;
      case RawAnswer.BadAck:
        link.send(ACK, peer, server, ports, ack, (next + BAD_ACK_OFFSET) | 0, 0, 0, 0, attempt);
        return;
      default:
        link.send(RST, peer, server, ports, ack, 0, 0, 0, 0, attempt);
    }
  }

  /** `n` SYN-ACKs or RSTs to mute raw addresses, sent without being made. */
  countMute(isSynAck: boolean, n: number): void {
    const at = WIRE_OUT + (isSynAck ? Match.SynAck : Match.Rst);
    this.wire[at] = this.wire[at]! + n;
    if (isSynAck) this.wire[WIRE_ATK + 3] = this.wire[WIRE_ATK + 3]! + n;
  }
}
