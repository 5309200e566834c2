/**
 * A copy of the tree in which rules can be flipped, and its tests run again and again.
 *
 * Method  One Vitest for each copy keeps what it has compiled, but for the file that was flipped; each test file runs in a fresh thread. Starting
 *         Vitest anew took most of the time.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createVitest, type TestCase, type TestModule, ThreadsPoolWorker, type Vitest } from "vitest/node";

/** What the copies hold; they share node_modules. */
const PARTS = ["src", "test", "config", "package.json", "tsconfig.json"];
/** A flip may make a test run for ever. */
const LIMIT_MS = 90_000;

/** Titles of tests, by whether they passed, and why a file could not be run at all. */
export interface Outcome {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly broken: string;
}

export class TreeCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), "halfopen-flips-"));
  #vitest: Vitest | null = null;
  #thread: ThreadsPoolWorker | null = null;

  static async make(): Promise<TreeCopy> {
    const copy = new TreeCopy();
    const folder = copy.#folder;
    for (const part of PARTS) cpSync(part, join(folder, part), { recursive: true });
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    copy.#vitest = await createVitest("test", {
      ...{ root: folder, config: false, watch: false, reporters: [{}], dangerouslyIgnoreUnhandledErrors: true },
      ...{ include: ["test/**/*.test.ts"], testTimeout: 20_000, fileParallelism: false },
      pool: {
        name: "threads that can be stopped",
        createPoolWorker: (options) => {
          copy.#thread = new ThreadsPoolWorker(options);
          return copy.#thread;
        },
      },
    });
    return copy;
  }

  read(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text);
    this.#vitest!.invalidateFile(join(this.#folder, file));
  }

  /** Runs test files; `titles`: those only. */
  async run(files: readonly string[], titles: readonly string[] = []): Promise<Outcome> {
    const vitest = this.#vitest!;
    if (titles.length === 0) vitest.resetGlobalTestNamePattern();
    else vitest.setGlobalTestNamePattern(new RegExp(`^(?:${titles.map(escaped).join("|")})$`));
    const project = vitest.getRootProject();
    const specifications = files.map((file) => project.createSpecification(join(this.#folder, file)));
    let stopped = "";
    const limit = setTimeout(() => {
      stopped = `not over after ${LIMIT_MS / 1000} s`;
      this.#thread!.stop();
    }, LIMIT_MS);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    clearTimeout(limit);
    const wanted = new Set(specifications.map(({ moduleId }) => moduleId));
    const modules = testModules.filter(({ moduleId }) => wanted.has(moduleId));
    const tests = modules.flatMap(({ children }) => [...children.allTests()]);
    const titlesOf = (state: string): string[] => tests.filter((t) => t.result().state === state).map(titleOf);
    const errors = [...modules.flatMap(errorsOf), ...unhandledErrors.map((error) => (error as Error).message)];
    const broken = stopped !== "" || tests.length > 0 ? stopped : errors.join("\n");
    return { passed: titlesOf("passed"), failed: titlesOf("failed"), broken };
  }

  async remove(): Promise<void> {
    await this.#vitest?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const escaped = (title: string): string => title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const errorsOf = (module: TestModule): string[] => module.errors().map(({ message }) => message);

/** As `-t` has it: with the titles of what it stands in. */
function titleOf(test: TestCase): string {
  const titles = [test.name];
  for (let at = test.parent; at.type === "suite"; at = at.parent) titles.unshift(at.name);
  return titles.join(" ");
}
