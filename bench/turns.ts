/** The turns of one workload: in each round limit.c, halfopen and the previous commit's halfopen, one after the other. */
import { runLimit } from "./limit.ts";
import type { Figures } from "./report.ts";
import type { Job, Measured } from "./runner.ts";
import type { Subject } from "./subject.ts";
import { limitArguments, scenarioText, type Workload } from "./workloads.ts";

export class Turns {
  readonly #workload: Workload;
  readonly #seconds: number;
  readonly #job: Job;
  readonly #halfopen: Subject;
  /** null: no previous commit. */
  #previous: Subject | null;
  /** The program; null: no C compiler. */
  readonly #limit: string | null;
  readonly #halfopenS: number[] = [];
  readonly #previousS: number[] = [];
  readonly #limitS: number[] = [];
  #last: Measured | null = null;

  constructor(workload: Workload, seconds: number, halfopen: Subject, previous: Subject | null, limit: string | null) {
    this.#workload = workload;
    this.#seconds = seconds;
    this.#job = { text: scenarioText(workload, seconds), engine: workload.engine };
    this.#halfopen = halfopen;
    this.#previous = previous;
    this.#limit = limit;
  }

  async warmUp(): Promise<void> {
    await this.#halfopen.measure(this.#job);
    // A scenario may have keys that the previous commit did not know.
    await this.#previous?.measure(this.#job).catch(() => {
      this.#previous = null;
    });
  }

  async round(): Promise<void> {
    if (this.#limit !== null) this.#limitS.push(runLimit(this.#limit, limitArguments(this.#workload, this.#seconds)));
    this.#last = await this.#warm(this.#halfopen);
    this.#halfopenS.push(this.#last.wallS);
    if (this.#previous !== null) this.#previousS.push((await this.#warm(this.#previous)).wallS);
  }

  /** The second of two runs, as of limit.c: while the others had their turns this process rested, and its caches went to them. */
  async #warm(subject: Subject): Promise<Measured> {
    await subject.measure(this.#job);
    return subject.measure(this.#job);
  }

  figures(): Figures {
    if (this.#last === null) throw new Error("no round was run");
    return {
      workload: this.#workload,
      seconds: this.#seconds,
      halfopenS: this.#halfopenS,
      limitS: this.#limitS,
      previousS: this.#previousS,
      connections: this.#last.connections,
      checksum: this.#last.checksum,
    };
  }
}
