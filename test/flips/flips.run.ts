/**
 * `npm run flips`: each rule of the table is flipped in turn, in a copy of the tree, and a named test must fail.
 *
 * Method  Unflipped, all tests pass and every title is found. Then each flip runs the tests that it names; two at a time. If none fails, the
 *         whole file runs, to say what does. `FLIPS=word npm run flips` takes those whose name matches.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Flip } from "./flip.ts";
import { FLIPS as ALL } from "./table.ts";
import { type Outcome, TreeCopy } from "./tree-copy.ts";

const wanted = new RegExp(process.env.FLIPS ?? "");
const FLIPS = ALL.filter(({ name }) => wanted.test(name));

const COPIES = 2;
const UNFLIPPED_LIMIT_MS = 300_000;
const copies: TreeCopy[] = [];
const idle: TreeCopy[] = [];

beforeAll(async () => {
  for (let i = 0; i < COPIES; i++) copies.push(await TreeCopy.make());
  idle.push(...copies);
});

afterAll(async () => {
  for (const copy of copies) await copy.remove();
});

const matching = ({ named }: Flip, titles: readonly string[]): string[] =>
  titles.filter(
    (title) => named.test(title) || title.split(" ").some((_, i, words) => named.test(words.slice(i).join(" "))),
  );

/** Test file → the titles that pass unflipped. */
const titles = new Map<string, readonly string[]>();

/** Runs test files whole, shared by the copies: what does not pass. */
async function runUnflipped(files: Iterable<string>): Promise<object[]> {
  const left = [...files];
  const wrong: object[] = [];
  const share = async (copy: TreeCopy): Promise<void> => {
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      const { passed, failed, broken } = await copy.run([file]);
      titles.set(file, passed);
      if (failed.length > 0 || broken !== "") wrong.push({ file, failed, broken });
    }
  };
  await Promise.all(copies.map(share));
  return wrong;
}

const unflipped = (name: string, run: () => Promise<void>): void => test(name, run, UNFLIPPED_LIMIT_MS);

unflipped("unflipped, all tests pass and every title is found", async () => {
  expect(await runUnflipped(new Set(FLIPS.map(({ tests }) => tests)))).toEqual([]);
  const unfound = FLIPS.filter((flip) => matching(flip, titles.get(flip.tests)!).length === 0);
  expect(unfound.map(({ name }) => name)).toEqual([]);
});

async function runFlipped(copy: TreeCopy, flip: Flip): Promise<Outcome> {
  const named = await copy.run([flip.tests], matching(flip, titles.get(flip.tests)!));
  return named.failed.length > 0 || named.broken !== "" ? named : copy.run([flip.tests]);
}

describe("flipped, a named test fails", () => {
  test.concurrent.each(FLIPS)("$name", async (flip) => {
    const copy = idle.pop()!;
    const source = copy.read(flip.file);
    const parts = source.split(flip.find);
    try {
      expect(parts.length, `\`find\` of "${flip.name}" occurs once in ${flip.file}`).toBe(2);
      copy.write(flip.file, parts.join(flip.replace));
      const { failed, broken } = await runFlipped(copy, flip);
      expect(broken).toBe("");
      const others = `of "${flip.name}" failed only: ${failed.join("; ") || "nothing"}`;
      expect(matching(flip, failed).length, others).toBeGreaterThan(0);
    } finally {
      copy.write(flip.file, source);
      idle.push(copy);
    }
  });
});

unflipped("unflipped again, all tests pass", async () => {
  expect(await runUnflipped([...titles.keys()].reverse())).toEqual([]);
});
