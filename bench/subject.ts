/** A library under measurement: a process of its own (runner.ts), warm and idle between its turns. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Job, Measured } from "./runner.ts";

const runner = fileURLToPath(new URL("./runner.js", import.meta.url));

export class Subject {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Loads the library at this address; fails when it cannot be loaded. */
  static async start(libraryUrl: string): Promise<Subject> {
    const child = fork(runner, [libraryUrl], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    await answerOf(child);
    return new Subject(child);
  }

  async measure(job: Job): Promise<Measured> {
    const answer = answerOf(this.#child);
    this.#child.send(job);
    const measured = (await answer) as Measured | { readonly error: string };
    if ("error" in measured) throw new Error(measured.error);
    return measured;
  }

  stop(): void {
    this.#child.kill();
  }
}

/** The child's next message; its end is an error. */
function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null): void => {
      child.off("message", onMessage);
      reject(new Error(`the measured process ended with ${code}`));
    };
    child.once("message", onMessage).once("exit", onExit);
  });
}
