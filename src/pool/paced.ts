/**
 * Paced: the thread of paced runs, from outside. When it dies, another one takes its place and begins all plans again at 0.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { LoadChange } from "../vocabulary/load-change.ts";
import { pauseCompiler } from "./compiler.ts";
import type { PacedCommand, PacedMoment, PacedPlan } from "./paced-task.ts";
import { builtUrl } from "./pool.ts";

/** Between a thread's death and the next one. */
const RESTART_MS = 1_000;
/** What its last slice and its last compilation may take, on a machine that has other work. */
const FAREWELL_MS = 2_000;

export interface PacedListener {
  readonly onMoment: (moment: PacedMoment) => void;
  /** All plans begin again at 0. */
  readonly onRestart: (error: Error) => void;
}

export class PacedThread {
  readonly #listener: PacedListener;
  readonly #plans = new Map<string, PacedPlan>();
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(listener: PacedListener) {
    this.#listener = listener;
  }

  start(plan: PacedPlan): void {
    this.#plans.set(plan.name, plan);
    if (this.#worker === null) this.#open();
    else this.#send({ kind: "start", plan });
  }

  stop(name: string): void {
    this.#plans.delete(name);
    this.#send({ kind: "stop", name });
  }

  change(name: string, changes: readonly Omit<LoadChange, "atNs">[]): void {
    this.#send({ kind: "change", name, changes });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) await end(worker);
  }

  /** Ends the thread as a fault in it would. */
  async kill(): Promise<void> {
    await this.#worker?.terminate();
  }

  #send(command: PacedCommand): void {
    this.#worker?.postMessage(command);
  }

  #open(): void {
    if (this.#isClosed || this.#worker !== null || this.#timer !== null) return;
    const worker = new Worker(builtUrl("paced-worker.js"));
    this.#worker = worker;
    let fault = new Error("the thread ended");
    worker.on("message", (moment: PacedMoment) => this.#listener.onMoment(moment));
    worker.on("error", (error) => {
      fault = error;
    });
    worker.on("exit", () => {
      this.#worker = null;
      if (this.#isClosed) return;
      this.#listener.onRestart(fault);
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#open();
      }, RESTART_MS);
    });
    for (const plan of this.#plans.values()) this.#send({ kind: "start", plan });
  }
}

async function end(worker: Worker): Promise<void> {
  const resume = pauseCompiler();
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  worker.postMessage({ kind: "end" } satisfies PacedCommand);
  await Promise.race([ended, wait(FAREWELL_MS, undefined, { ref: false })]);
  await worker.terminate();
  resume();
}
