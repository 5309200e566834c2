/**
 * Goal    What the kernel's rules and the recordings say is covered, sentence by sentence, by flips that exist; and no flip stands for nothing.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NOT_THE_KERNELS } from "./statements/beyond.ts";
import { RECORDINGS_STATEMENTS } from "./statements/recordings.ts";
import { KERNEL_STATEMENTS, STATEMENTS } from "./statements.ts";
import { FLIPS } from "./table.ts";

/** Chapter of kernel-semantics → how many sections it has. */
const SECTIONS = { 2: 8, 3: 6, 4: 7, 5: 5, 6: 6, 7: 9, 8: 3 } as const;

const names = new Set(FLIPS.map(({ name }) => name));
const all = Object.values(STATEMENTS).flat();
const named = new Set(all.flatMap(({ flips }) => flips));
const isAboutTheKernel = (name: string): boolean => !NOT_THE_KERNELS.some((pattern) => pattern.test(name));

test("every section of kernel-semantics 2 to 8 has statements", () => {
  const sections = Object.entries(SECTIONS).flatMap(([chapter, count]) =>
    Array.from({ length: count }, (_, i) => `${chapter}.${i + 1}`),
  );
  expect(Object.keys(KERNEL_STATEMENTS).filter((section) => section.includes("."))).toEqual(sections);
  for (const section of sections) expect([section, KERNEL_STATEMENTS[section]!.length > 0]).toEqual([section, true]);
});

test("every bullet of what the recordings show has statements", () => {
  const readme = readFileSync("test/recordings/README.md", "utf8");
  const [, list = ""] = readme.split("## What the recordings show");
  const bullets = [...list.split("\n## ")[0]!.matchAll(/^\* \*\*(.+?)\*\*/gm)].map(([, title]) => title);
  expect(bullets.length).toBeGreaterThan(10);
  expect(Object.keys(RECORDINGS_STATEMENTS)).toEqual(bullets);
});

describe("a statement", () => {
  for (const [section, statements] of Object.entries(STATEMENTS)) {
    for (const { says, flips, leftOut } of statements) {
      test(`of ${section} is covered by flips that exist, or left out for a reason: ${says}`, () => {
        expect(flips.filter((name) => !names.has(name))).toEqual([]);
        expect(flips.length > 0).toBe(leftOut === null);
        expect(leftOut).not.toBe("");
      });
    }
  }
});

test("each flip is named by a statement, or is not about the kernel", () => {
  const unnamed = [...names].filter((name) => !named.has(name) && isAboutTheKernel(name));
  expect(unnamed).toEqual([]);
  expect([...named].filter((name) => !isAboutTheKernel(name))).toEqual([]);
});

test("each pattern of what is not the kernel's still has flips", () => {
  expect(NOT_THE_KERNELS.filter((pattern) => ![...names].some((name) => pattern.test(name)))).toEqual([]);
});
