/**
 * Sampler: time lines at (k + 1/2) * interval, and kernel counters from verdict counts.
 *
 * Invariant   A counter is the sum of the effects of the verdicts (vocabulary/verdicts.ts), as the host's kernel has them (HostSpec.effectChanges);
 *             nothing else counts.
 */
import { type CounterName, counterIndex } from "../vocabulary/counters.ts";
import { GATE_NAMES } from "../vocabulary/gates.ts";
import { RETRANSMIT_CLASSES, STATE_COUNT } from "../vocabulary/run-result.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";
import { VERDICT_NAMES, VERDICTS, type VerdictDef } from "../vocabulary/verdicts.ts";
import type { Host } from "./host.ts";
import type { Recorder } from "./recorder.ts";

/** verdict, counter, times ... */
const EFFECTS = Int32Array.from(
  VERDICT_NAMES.flatMap((name, verdict) =>
    Object.entries((VERDICTS[name] as VerdictDef).effects).flatMap(([counter, n]) => [
      verdict,
      counterIndex[counter as CounterName],
      n ?? 0,
    ]),
  ),
);
const GATES = GATE_NAMES.length;
const CURR_ESTAB = counterIndex.TcpCurrEstab;

/** Writes the kernel counters of `host` to `out`: counter c at `at + c * stride`. */
export function writeCounters(host: Host, out: Float64Array, at: number, stride: number): void {
  addEffects(host, EFFECTS, out, at, stride);
  addEffects(host, host.spec.effectChanges, out, at, stride);
  out[at + CURR_ESTAB * stride] = host.currentlyEstablished();
}

function addEffects(host: Host, effects: ArrayLike<number>, out: Float64Array, at: number, stride: number): void {
  for (let i = 0; i < effects.length; i += 3) {
    const n = host.counts[effects[i]!]!;
    if (n === 0) continue;
    const to = at + effects[i + 1]! * stride;
    out[to] = out[to]! + n * effects[i + 2]!;
  }
}

export class Sampler {
  #sample = 0;
  readonly #recorder: Recorder;
  readonly #server: Host;
  readonly #client: Host;
  readonly #intervalNs: number;

  constructor(recorder: Recorder, server: Host, client: Host, intervalNs: number) {
    this.#recorder = recorder;
    this.#server = server;
    this.#client = client;
    this.#intervalNs = intervalNs;
  }

  /** When the next sample is due; Infinity after the last, and in runs without time lines. */
  get dueNs(): number {
    const layout = this.#recorder.layout;
    if (layout.serverStateLines < 0 || this.#sample >= layout.sampleCount) return Number.POSITIVE_INFINITY;
    return (this.#sample + 0.5) * this.#intervalNs;
  }

  /** Number of the next sample. */
  get next(): number {
    return this.#sample;
  }

  take(): void {
    const { layout, out } = this.#recorder;
    const k = this.#sample++;
    const n = layout.sampleCount;
    for (let state = 0; state < STATE_COUNT; state++) {
      out[layout.serverStateLines + state * n + k] = this.#server.states[state]!;
      out[layout.clientStateLines + state * n + k] = this.#client.states[state]!;
    }
    for (let c = 0; c < RETRANSMIT_CLASSES; c++)
      out[layout.synRecvByRetransmits + c * n + k] = this.#server.synRecvByRetransmits[c]!;
    this.#server.listeners.forEach((listener, index) => {
      const places = layout.listeners[index]!;
      out[places.acceptQueue + k] = listener.listening ? listener.acceptLength : Number.NaN;
      out[places.synQueue + k] = listener.listening ? listener.synLength : Number.NaN;
    });
    writeCounters(this.#server, out, layout.serverCounterLines + k, n);
    this.#takeGates(k);
  }

  /** Drops and failed attempts by gate since t = 0, over all workloads of a kind. */
  #takeGates(k: number): void {
    const { layout } = this.#recorder;
    const { drops, failed } = this.#server.ledger;
    layout.workloads.forEach(({ kind }, w) => {
      const isClients = kind === WorkloadKind.Connections;
      const dropLines = isClients ? layout.clientDropLines : layout.rawDropLines;
      for (let gate = 0; gate < GATES; gate++) {
        const to = gate * layout.sampleCount + k;
        this.#recorder.add(dropLines + to, drops[w * GATES + gate]!);
        if (isClients) this.#recorder.add(layout.clientFailedLines + to, failed[w * GATES + gate]!);
      }
    });
  }
}
