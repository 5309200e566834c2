/**
 * Goal    The quota and the memory of control groups are respected, in both versions and at every level; a run that cannot fit is refused by name.
 * Method  Files of /proc and /sys as such machines have them.
 */
import { describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { type ReadText, usableCores, usableMemory } from "../../src/pool/limits.ts";
import { fittingWorkers, memoryFault, poolThreads, runSpecs } from "../../src/pool/pool.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

const GIB = 2 ** 30;
const machine =
  (files: Readonly<Record<string, string>>): ReadText =>
  (path) =>
    files[path] ?? null;

describe("cores", () => {
  test.each([
    [{}, 8, 8, "no control groups: all that the scheduler gives"],
    [{ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "200000 100000\n" }, 8, 2, "version 2, in a container"],
    [{ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" }, 8, 8, "version 2 without a quota"],
    [{ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n" }, 8, 1, "half a core is one thread"],
    [
      { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "299999 100000\n" },
      8,
      2,
      "and not one more than whole cores",
    ],
    [
      {
        "/proc/self/cgroup": "0::/a/b\n",
        "/sys/fs/cgroup/a/cpu.max": "300000 100000\n",
        "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
      },
      8,
      3,
      "the quota stands at the group above",
    ],
    [
      {
        "/proc/self/cgroup": "5:cpu,cpuacct:/x\n1:name=systemd:/x\n",
        "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "400000",
        "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000",
      },
      8,
      4,
      "version 1",
    ],
    [
      { "/proc/self/cgroup": "5:cpu:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1" },
      8,
      8,
      "version 1 without a quota",
    ],
    [{ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "1600000 100000\n" }, 8, 8, "a quota above the cores"],
  ] as const)("%j on %i cores: %i, %s", (files, cores, usable, _why) => {
    expect(usableCores(machine(files), cores)).toBe(usable);
  });
});

describe("memory", () => {
  test.each([
    [{}, 16 * GIB, "the machine's"],
    [{ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": `${2 * GIB}\n` }, 2 * GIB, "version 2"],
    [{ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n" }, 16 * GIB, "version 2 without a limit"],
    [
      { "/proc/self/cgroup": "9:memory:/x\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${GIB}` },
      GIB,
      "version 1, above",
    ],
    [
      { "/proc/self/cgroup": "9:cpu:/\n", "/sys/fs/cgroup/cpu/memory.limit_in_bytes": "1" },
      16 * GIB,
      "another controller",
    ],
  ] as const)("%j: %i, %s", (files, bytes, _why) => {
    expect(usableMemory(machine(files), 16 * GIB)).toBe(bytes);
  });
});

const specOf = (workload: string, server = "") =>
  compileScenario(
    scenarioOf(`
duration_s: 60
server: { listeners: [{ port: 80, backlog: 1048576 }], sysctls: { net.core.somaxconn: 1048576 } ${server} }
client: { one_way_delay_s: 30 }
workloads: [{ name: w, ${workload} }]
`),
    { seed: 7, detail: "summary" },
  );
const FLOOD = "kind: raw, packet: syn, rate_per_s: 100000, duration_s: 60";
const clients = (rest: string): string => `kind: connections, source_addresses: 60000, ${rest}`;

describe("a run is refused before it starts", () => {
  test.each([
    [clients("count: 16777216"), null, "as many as there are numbers for come at once"],
    [clients("count: 16777217"), /16 million attempts/, "one more"],
  ] as const)("{ %s }: %s, %s", (workload, fault, _why) => {
    const found = memoryFault(specOf(workload), 1, 1024 * GIB);
    if (fault === null) expect(found).toBeNull();
    else expect(found).toMatch(fault);
  });

  test("for its memory: with what it needs, what there is, and the threads that would fit", () => {
    const spec = specOf(FLOOD);
    expect(memoryFault(spec, 2, 4 * GIB)).toBeNull();
    expect(memoryFault(spec, 2, GIB / 2)).toMatch(
      /^it would take [\d.]+ MiB of memory with 2 threads, the process may use 512.0 MiB; --workers 1 would fit$/,
    );
    expect(memoryFault(spec, 1, GIB / 8)).toMatch(/with one thread, the process may use 128.0 MiB$/);
  });

  test("or gets fewer threads, where nobody asked for that many", () => {
    const specs = [specOf(FLOOD)];
    expect(fittingWorkers(specs, 8, false, GIB)).toBe(2);
    expect(() => fittingWorkers(specs, 8, true, GIB)).toThrow(
      /^run 1 of 1 \(seed 7\): it would take .*--workers 2 would fit$/,
    );
  });

  test("and no thread has seen it", async () => {
    const tooMany = specOf(clients("count: 16777217"));
    await expect(runSpecs([specOf(FLOOD), tooMany])).rejects.toMatchObject({ index: 1, isLimit: true });
    expect(poolThreads()).toEqual([]);
  });
});
