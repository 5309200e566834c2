/** Small experiments in a folder of their own, for the command line: a second of simulated time or two. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/** Ten clients a second and a flood that a backlog of 8 without cookies does not stand. */
export const SCENARIO = `
  duration_s: 3
  sample_interval_s: 0.5
  server:
    sysctls: { net.ipv4.tcp_syncookies: 0 }
    listeners: [{ port: 80, backlog: 8, app: { request_bytes: 100, response_bytes: 100, close: after_response } }]
  client: { one_way_delay_s: 0.01, sysctls: { net.ipv4.tcp_syn_retries: 1 } }
  workloads:
    - { name: legit, kind: connections, arrival: poisson, rate_per_s: 20, duration_s: 2, source_addresses: 50, connect_timeout_s: 0.5, request_bytes: 100, response_bytes: 100 }
    - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: 200, duration_s: 2, source_addresses: 1000 }
`;

export const EXPERIMENT = `
name: small
seeds: 2
scenario: ${SCENARIO.replaceAll("\n", "\n  ")}
tunings:
  as_is: {}
  cookies: { server.sysctls.net.ipv4.tcp_syncookies: 1 }
  queue: { server.listeners.80.backlog: 100, client.sysctls.net.ipv4.tcp_syn_retries: 3 }
`;

/** A folder with these files, which is gone after the tests of the file that asks. Gives the path of each. */
export function folderOf(files: Readonly<Record<string, string>>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "halfopen-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string): string => join(folder, name);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  }
  return path;
}
