/**
 * Goal    What was put is there, whatever happens to the process; what could not be put changed nothing.
 * Method  Real files. A process that is killed in the midst of writing; a store that is full.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Document, openStore, StoreFullError } from "../../src/store/store.ts";

const folder = mkdtempSync(join(tmpdir(), "halfopen-store-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}.db`);
const document = (collection: string, id: string, text: string): Document => ({
  collection,
  id,
  bytes: Buffer.from(text),
});
const textOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());

describe("five methods", () => {
  test("put, get, list, remove, and what is there after closing", () => {
    const file = newFile();
    const store = openStore(file);
    store.put(document("jobs", "b", "two"), document("jobs", "a", "one"), document("other", "c", "three"));
    store.put(document("jobs", "a", "one again"));
    expect(store.list("jobs")).toEqual(["a", "b"]);
    expect(textOf(store.get("jobs", "a"))).toBe("one again");
    expect(store.get("jobs", "c")).toBeNull();
    store.remove("jobs", "b");
    store.remove("jobs", "never was");
    store.close();
    const again = openStore(file);
    expect(again.list("jobs")).toEqual(["a"]);
    again.remove("jobs");
    expect(again.list("jobs")).toEqual([]);
    expect(again.list("other")).toEqual(["c"]);
    again.close();
  });

  test("bytes of any kind, and ids that look like SQL", () => {
    const store = openStore(newFile());
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const id = "'; DROP TABLE documents; --";
    store.put({ collection: "x", id, bytes }, { collection: "x", id: "empty", bytes: new Uint8Array() });
    expect(Buffer.from(store.get("x", id) ?? []).equals(bytes)).toBe(true);
    expect(store.get("x", "empty")).toHaveLength(0);
    expect(store.list("x")).toEqual([id, "empty"]);
    store.close();
  });
});

test("a full store says so, changes nothing, and goes on reading", () => {
  const store = openStore(newFile(), { maxBytes: 40 * 4096 });
  store.put(document("x", "kept", "kept"));
  const big = "x".repeat(200 * 4096);
  expect(() => store.put(document("x", "a", "small"), document("x", "b", big))).toThrow(StoreFullError);
  expect(store.list("x")).toEqual(["kept"]);
  expect(textOf(store.get("x", "kept"))).toBe("kept");
  store.put(document("x", "after", "fits"));
  store.close();
});

test("two cannot have it open", () => {
  const file = newFile();
  const store = openStore(file);
  store.put(document("x", "a", "1"));
  expect(() => openStore(file)).toThrow(/locked|busy/i);
  store.close();
});

test("what is no database is refused", () => {
  const file = newFile();
  writeFileSync(file, "no database\n".repeat(1000));
  expect(() => openStore(file)).toThrow(/not a database/);
});

test("a kill in the midst of writing loses nothing that was put", async () => {
  const file = newFile();
  const program = `
    const { openStore } = await import(${JSON.stringify(new URL("../../dist/store/store.js", import.meta.url).href)});
    const store = openStore(${JSON.stringify(file)});
    for (let i = 0; ; i++) {
      store.put({ collection: "x", id: String(i).padStart(8, "0"), bytes: new Uint8Array(1000) });
      process.stdout.write(i + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = -1;
  await new Promise<void>((done) => {
    child.stdout.on("data", (data: Buffer) => {
      told = Math.max(told, ...data.toString().trim().split("\n").map(Number));
      if (told > 50) child.kill("SIGKILL");
    });
    child.on("exit", () => done());
  });
  const store = openStore(file);
  const ids = store.list("x");
  expect(ids.length).toBeGreaterThan(told);
  expect(ids.at(-1)).toBe(String(ids.length - 1).padStart(8, "0"));
  store.close();
});
