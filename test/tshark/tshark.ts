/** tshark, reading a capture with all checksums looked at. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TSHARK = process.env.TSHARK ?? "tshark";
const CHECKSUMS = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
const MOST_MS = 90_000;

/** One row for each packet that `filter` lets through, with these fields of it. */
export function fieldsOf(capture: Uint8Array, filter: string, fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "halfopen-tshark-"));
  try {
    const file = join(folder, "capture.pcapng");
    writeFileSync(file, capture);
    const { stdout, stderr, error, status } = spawnSync(
      TSHARK,
      ["-n", "-r", file, ...CHECKSUMS, "-Y", filter, "-T", "fields", ...fields.flatMap((field) => ["-e", field])],
      { encoding: "utf8", timeout: MOST_MS, maxBuffer: 64 << 20 },
    );
    if (error && "code" in error && error.code === "ENOENT") {
      throw new Error(
        `${TSHARK} is not there: these tests need tshark (Debian: apt-get install tshark; else set TSHARK to its path)`,
      );
    }
    if (error || status !== 0) throw new Error(`${TSHARK} failed (${error?.message ?? `status ${status}`})\n${stderr}`);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
