/**
 * Runs the probe of the kernel's backlog and reads its lines.
 *
 * A machine without the rights, or with one CPU, skips: the reason is printed. Where HALFOPEN_KERNEL=required is set, as in CI, it fails.
 */
import { spawnSync } from "node:child_process";

const EXIT_SKIPPED = 77;

/** A burst that met one device, as backlog_probe.py prints it; all counts are of packets. */
export interface BurstRun {
  readonly case: "direct" | "plugged" | "two_stage";
  readonly device: "loopback" | "veth" | "tun";
  readonly burst: number;
  readonly sent: number;
  readonly delivered: number;
  readonly plugs: number;
  readonly moved: number;
  readonly drops_by_rule: number;
  readonly device_rx_dropped: number;
  readonly dropped: number;
  readonly foreign_dropped: number;
  readonly send_errors: number;
  readonly stopped: boolean;
  readonly first_are_kept: boolean | null;
  readonly input_queue_after_burst: number;
  readonly process_queue_after_burst: number;
  readonly netdev_max_backlog: number;
}

export interface Probe {
  readonly runs: readonly BurstRun[];
  /** Why a device, or everything, could not be probed. */
  readonly skipped: readonly string[];
}

export function probeBacklog(repeats: number): Probe {
  const { status, stdout, stderr, error } = spawnSync(
    "python3",
    ["test/kernel/backlog_probe.py", "--repeats", `${repeats}`],
    { encoding: "utf8", timeout: 280_000, maxBuffer: 1 << 26 },
  );
  if (error === undefined && status !== 0 && status !== EXIT_SKIPPED) throw new Error(`backlog_probe.py: ${stderr}`);
  const lines = (stdout ?? "").split("\n").filter((line) => line !== "");
  const objects = lines.map((line) => JSON.parse(line));
  const skipped = objects.flatMap((line) =>
    line.skipped === undefined ? [] : [`${line.device ?? "all devices"}: ${line.skipped}`],
  );
  if (error !== undefined) skipped.push(`all devices: ${error.message}`);
  if (skipped.length > 0) {
    const text = `the kernel's backlog was not probed, ${skipped.join("; ")}`;
    if (process.env.HALFOPEN_KERNEL === "required") throw new Error(text);
    console.warn(`SKIPPED: ${text}`);
  }
  // A line with an error is a run that others disturbed too often; the remaining repeats decide.
  return { runs: objects.filter((line) => line.burst !== undefined && line.error === undefined), skipped };
}
