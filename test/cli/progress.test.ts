/** Goal  Progress stays on its line, leaves nothing behind, and needs no escape code. */
import { expect, test } from "vitest";
import { overwriting } from "../../src/cli/progress.ts";

/** What a terminal of one line shows. */
function shown(written: string): string {
  const line: string[] = [];
  let at = 0;
  for (const character of written) {
    if (character === "\r") at = 0;
    else line[at++] = character;
  }
  return line.join("");
}

test("a shorter text covers the longer one before it", () => {
  expect(shown(overwriting("run 10 of 12", 0) + overwriting("done", 12)).trimEnd()).toBe("done");
});

test("an empty text leaves an empty line, with the cursor at its start", () => {
  const written = overwriting("run 1 of 2", 0) + overwriting("", 10);
  expect(shown(written).trimEnd()).toBe("");
  expect(written.endsWith("\r")).toBe(true);
});

test("there is no escape code", () => {
  expect(overwriting("a", 5) + overwriting("", 5)).not.toContain("\u001b");
});
