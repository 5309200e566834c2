/**
 * Limits: the cores and the memory that this process may use, with those of its control groups (containers, systemd units).
 *
 * Source    Control groups v2: cpu.max, memory.max; v1: cpu.cfs_quota_us / cpu.cfs_period_us, memory.limit_in_bytes. A limit may stand at any
 *           level between the process's own group and the root of what it sees, so all of them are read.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** The text of a file, null where there is none. */
export type ReadText = (path: string) => string | null;

/** Cores: those that the scheduler allows, cut to the quota; a part of one is one. */
export function usableCores(read: ReadText = readText, cores = availableParallelism()): number {
  const quotas = levels(read).map((group) => quotaOf(group, read));
  return Math.max(1, Math.floor(Math.min(cores, ...quotas)));
}

/** Bytes: the machine's, cut to the groups' limit. */
export function usableMemory(read: ReadText = readText, bytes = totalmem()): number {
  const limits = levels(read).map(({ folder, version, controllers }) => {
    if (version === 1 && !controllers.includes("memory")) return Number.POSITIVE_INFINITY;
    return numberIn(read(`${folder}/${version === 2 ? "memory.max" : "memory.limit_in_bytes"}`));
  });
  return Math.min(bytes, ...limits);
}

interface Level {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly folder: string;
}

const ROOT = "/sys/fs/cgroup";

/** The process's groups and those above them. /proc/self/cgroup: `0::/a/b` is version 2, `4:cpu,cpuacct:/a/b` version 1. */
function levels(read: ReadText): Level[] {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n").filter((line) => line !== "");
  return lines.flatMap((line) => {
    const [id, names = "", ...rest] = line.split(":");
    const version = id === "0" && names === "" ? 2 : 1;
    const mount = version === 2 ? ROOT : `${ROOT}/${names}`;
    const parts = rest
      .join(":")
      .split("/")
      .filter((part) => part !== "");
    return Array.from({ length: parts.length + 1 }, (_, depth): Level => {
      const folder = [mount, ...parts.slice(0, depth)].join("/");
      return { version, controllers: names.split(","), folder };
    });
  });
}

/** Cores' worth of time that a group gets. */
function quotaOf({ version, controllers, folder }: Level, read: ReadText): number {
  if (version === 2) {
    const [quota, period] = (read(`${folder}/cpu.max`) ?? "").trim().split(" ");
    return numberIn(quota) / numberIn(period ?? "100000");
  }
  if (!controllers.includes("cpu")) return Number.POSITIVE_INFINITY;
  const quota = numberIn(read(`${folder}/cpu.cfs_quota_us`));
  // -1: none.
  return quota < 0 ? Number.POSITIVE_INFINITY : quota / numberIn(read(`${folder}/cpu.cfs_period_us`) ?? "100000");
}

/** "max", nothing, and what is no number: no limit. */
function numberIn(text: string | null | undefined): number {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
