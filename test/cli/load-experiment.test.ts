/**
 * Goal    The files that an experiment names are found from where it stands, and what is wrong with them is said with a path that the user can open.
 * Method  A folder on disk with an experiment, a scenario, a profile and a trace.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadExperiment } from "../../src/cli/load-experiment.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "halfopen-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string | Uint8Array): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

write(
  "scenarios/day.yaml",
  `
duration_s: 10
server: { listeners: [{ port: 80, backlog: 511 }] }
workloads: [{ name: day, kind: connections, arrival: trace, trace: ../rates/day.csv }]
`,
);
write("rates/day.csv", "time_s,rate_per_s\n0,50\n");
write("profiles/big.yaml", "tunings: { big: { server.listeners.80.backlog: 4096 } }");
const GOOD = write(
  "experiments/good.yaml",
  "{ scenario: ../scenarios/day.yaml, tunings: { base: }, profiles: [../profiles/big.yaml] }",
);

test("paths are seen from the file that names them, wherever the command runs", async () => {
  for (const file of [GOOD, relative(process.cwd(), GOOD)]) {
    const loaded = await loadExperiment(file);
    expect(loaded.ok && loaded.value.experiment.tunings.map(({ name }) => name)).toEqual(["base", "big"]);
    expect(loaded.ok && loaded.value.experiment.tunings[0]?.scenario.workloads[0]?.trace).toEqual([[0, 50]]);
  }
});

test("faults in other files are named by a path from here", async () => {
  write("rates/bad.csv", "0,50\n0,60\n");
  write("profiles/bad.yaml", "tunings:\n  bad: { workloads.day.trace: ../rates/bad.csv, server.hz: 5 }");
  const file = write("experiments/bad.yaml", "{ scenario: ../scenarios/day.yaml, profiles: [../profiles/bad.yaml] }");
  const loaded = await loadExperiment(file);
  expect(
    loaded.ok ? "" : loaded.error.text,
  ).toBe(`${join(folder, "profiles/bad.yaml")}:2:60 tunings.bad.server.hz: found 5, allowed is one of 100, 250, 300, 1000 ticks per second
${join(folder, "rates/bad.csv")}:2:1 found 0 s after 0 s, the times of a trace must rise
`);
});

test("profiles that the command names follow those of the file, and are seen from the working directory", async () => {
  const more = write("elsewhere/more.yaml", "tunings: { more: { server.listeners.80.backlog: 9 } }");
  const names = async (file: string, profiles: string[]) => {
    const loaded = await loadExperiment(file, profiles);
    return loaded.ok ? loaded.value.experiment.tunings.map(({ name }) => name) : loaded.error.text;
  };
  expect(await names(GOOD, [relative(process.cwd(), more)])).toEqual(["base", "big", "more"]);
  expect(await names(join(folder, "scenarios/day.yaml"), [more])).toEqual(["as_is", "more"]);
  expect(await names(GOOD, [more, join(folder, "none.yaml")])).toMatch(
    /none\.yaml", which cannot be read: no such file\n$/,
  );
  expect(await names(GOOD, [more, more])).toContain('found the tuning "more" a second time');
});

const unreadable = [
  // path, reason
  ["absent.yaml", "no such file"],
  ["..", "it is a directory"],
  ["/dev/zero", "it is not a regular file"],
  ["binary.yaml", "not UTF-8 text"],
  ["bad.yaml/x.yaml", "a part of the path is not a directory"],
] as const;

for (const [path, reason] of unreadable) {
  test(`a scenario that cannot be read says why: ${reason}`, async () => {
    write("experiments/binary.yaml", new Uint8Array([0xff, 0xfe, 0xff]));
    write("experiments/bad.yaml", "");
    const file = write("experiments/unreadable.yaml", `scenario: ${path}`);
    const loaded = await loadExperiment(file);
    expect(loaded.ok ? "" : loaded.error.text).toBe(
      `${file}:1:11 scenario: found ${JSON.stringify(path)}, which cannot be read: ${reason}\n`,
    );
  });
}

test("a file that is not there is said once, without issues", async () => {
  const loaded = await loadExperiment(join(folder, "none.yaml"));
  expect(loaded).toEqual({ ok: false, error: { text: `${join(folder, "none.yaml")}: no such file\n`, issues: [] } });
});

test("check prints the limits of each tuning below its name", async () => {
  const { code, stdout, stderr } = await runCli(["check", GOOD]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^# base\n\nserver\n/);
  expect(stdout).toContain("\n# big\n  server.listeners.80.backlog: 4096\n\nserver\n");
  const json = JSON.parse((await runCli(["check", GOOD, "--json"])).stdout);
  expect(json).toMatchObject({ ok: true, issues: [], tunings: [{ name: "base", changes: [] }, { name: "big" }] });
});
