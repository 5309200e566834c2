/**
 * CPUs of the application: pieces of work, one after the other on each CPU, which the softirq interrupts where it shares the CPU.
 *
 * Method   A piece ends when its CPU has had its time: that is looked at when it would be over without the softirq, and again as long as that
 *          has taken some of it.
 * Units    ns.
 */
import { CPU_COST_NAMES, CpuCost } from "../vocabulary/cpu.ts";
import { CPU_FIELDS } from "../vocabulary/run-result.ts";
import type { CpuSpec } from "../vocabulary/run-spec.ts";
import type { AppHeap } from "./app-heap.ts";
import { AppTimer } from "./app-timers.ts";
import type { ReceivePath } from "./receive-path.ts";
import type { Recorder } from "./recorder.ts";
import type { Softirq } from "./softirq.ts";

/** What rounding leaves of a piece of work is none. */
const ROUNDING_NS = 1;

interface Work {
  readonly cost: number;
  readonly kind: number;
  readonly subject: number;
  readonly value: number;
}

export class AppCpus {
  readonly #spec: CpuSpec;
  readonly #now: Float64Array;
  readonly #heap: AppHeap;
  readonly #recorder: Recorder;
  readonly #receive: ReceivePath;
  /** null: these CPUs are the application's alone. */
  readonly #softirq: Softirq | null;
  readonly #cpus: number;
  readonly #work: Work[][];
  /** [cpu]: since when the time of its first piece is counted, what the softirq had taken by then, and how much is left. */
  readonly #fromNs: Float64Array;
  readonly #takenNs: Float64Array;
  readonly #leftNs: Float64Array;
  readonly #doneNs: Float64Array;
  readonly #costs = new Float64Array(CPU_COST_NAMES.length);
  /** What the piece of work that finish() ended was to do. */
  kind = 0;
  subject = 0;
  value = 0;

  constructor(spec: CpuSpec, now: Float64Array, heap: AppHeap, recorder: Recorder, receive: ReceivePath) {
    this.#spec = spec;
    this.#receive = receive;
    this.#now = now;
    this.#heap = heap;
    this.#recorder = recorder;
    this.#softirq = spec.appCores === 0 ? receive.softirq : null;
    this.#cpus = spec.appCores === 0 ? spec.cores : spec.appCores;
    this.#work = Array.from({ length: this.#cpus }, () => []);
    this.#fromNs = new Float64Array(this.#cpus);
    this.#takenNs = new Float64Array(this.#cpus);
    this.#leftNs = new Float64Array(this.#cpus);
    this.#doneNs = new Float64Array(this.#cpus);
  }

  /** Whether the application has something to do on this CPU. */
  wantsToRun(cpu: number): boolean {
    return this.#work[cpu]!.length > 0;
  }

  /** Gives a thread's next piece of work to its CPU; -1: to that which has least to do. When it is done, finish() answers with the rest. */
  run(thread: number, cost: number, kind: number, subject: number, value: number): void {
    const cpu = thread >= 0 ? thread % this.#cpus : this.#idlest();
    const own = this.#work[cpu]!;
    own.push({ cost, kind, subject, value });
    if (own.length === 1) this.#begin(cpu);
  }

  #idlest(): number {
    let least = 0;
    for (let cpu = 1; cpu < this.#cpus; cpu++) if (this.#work[cpu]!.length < this.#work[least]!.length) least = cpu;
    return least;
  }

  #begin(cpu: number): void {
    this.#leftNs[cpu] = this.#spec.costNs[this.#work[cpu]![0]!.cost]!;
    this.#look(cpu);
  }

  /** Counts the time from now on, and looks again when the piece would be done. */
  #look(cpu: number): void {
    this.#fromNs[cpu] = this.#now[0]!;
    this.#takenNs[cpu] = this.#softirq?.takenUntilNow(cpu) ?? 0;
    // What the softirq is busy with now is certain to go before.
    const free = Math.max(this.#now[0]!, this.#softirq?.workUntilNs[cpu] ?? 0);
    this.#heap.atNs[0] = free + this.#leftNs[cpu]!;
    this.#heap.push(AppTimer.CpuDone, cpu, 0);
  }

  /** A look at a CPU: true when its piece of work is done, which is then in `kind`, `subject`, `value`. */
  finish(cpu: number): boolean {
    const had = this.#now[0]! - this.#fromNs[cpu]! - ((this.#softirq?.takenUntilNow(cpu) ?? 0) - this.#takenNs[cpu]!);
    this.#leftNs[cpu] = this.#leftNs[cpu]! - had;
    if (this.#leftNs[cpu]! > ROUNDING_NS) {
      this.#look(cpu);
      return false;
    }
    const { cost, kind, subject, value } = this.#work[cpu]!.shift()!;
    const costNs = this.#spec.costNs[cost]!;
    this.#doneNs[cpu] = this.#doneNs[cpu]! + costNs;
    this.#costs[cost] = this.#costs[cost]! + costNs;
    this.kind = kind;
    this.subject = subject;
    this.value = value;
    if (this.#work[cpu]!.length > 0) this.#begin(cpu);
    else if (this.#softirq !== null) this.#receive.appIsIdle(cpu);
    return true;
  }

  #layoutOf(cpu: number): number {
    return this.#softirq === null ? this.#spec.cores + cpu : cpu;
  }

  /** Writes what the CPUs did for the application. */
  writeTo(out: Float64Array): void {
    const layout = this.#recorder.layout.cpu!;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      out[layout.fields + this.#layoutOf(cpu) * CPU_FIELDS.length + CPU_FIELDS.indexOf("appNs")] = this.#doneNs[cpu]!;
    }
    for (const cost of [CpuCost.accept, CpuCost.app_request]) out[layout.costNs + cost] = this.#costs[cost]!;
  }

  sample(k: number): void {
    const { cpu: layout, sampleCount } = this.#recorder.layout;
    for (let cpu = 0; cpu < this.#cpus; cpu++)
      this.#recorder.out[layout!.appNs + this.#layoutOf(cpu) * sampleCount + k] = this.#doneNs[cpu]!;
  }
}
