/**
 * Goal    Every code of an issue, where it stands, and that nothing else is reported.
 * Method  One row is one broken file: its issues as `line:column code path`, in the order of the file.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExperiment } from "../../src/config/experiment.ts";
import { type ConfigIssue, formatIssues, ISSUE_CODES, isWarning } from "../../src/config/issues.ts";
import { parseScenario } from "../../src/config/parse.ts";
import { MAX_TOKENS } from "../../src/config/prescan.ts";
import { MAX_CHARACTERS } from "../../src/config/text-limits.ts";
import type { ReadFile } from "../../src/config/trace-file.ts";

const FOLDER = "test/config";

const cases: Record<string, readonly string[]> = {
  "absent-sysctl.bad.yaml": ["5:5 absent-sysctl server.sysctls.net.ipv4.tcp_tw_recycle"],
  "bad-alias-bomb.bad.yaml": ["1:1 bad-alias "],
  "bad-alias.bad.yaml": ["2:13 bad-alias ", "5:7 bad-alias "],
  "bad-name.bad.yaml": ["5:13 bad-name workloads[0].name", "6:7 bad-name workloads[1].name"],
  "conflict-simultaneous-open.bad.yaml": ["8:71 conflict workloads.crossing.simultaneous_open"],
  "conflict.bad.yaml": [
    "9:22 conflict server.listeners.80.listen_stop_s",
    "12:21 conflict server.listeners.80.accept.rate_per_s",
    "13:35 conflict server.listeners.80.accept.pause_windows_s[1]",
    "13:43 conflict server.listeners.80.accept.pause_windows_s[2]",
    "15:7 conflict client.hz",
    "17:59 conflict workloads.burst.arrival",
    "19:83 conflict impairments[0].drop_every_nth",
    "20:63 conflict impairments[1].end_s",
  ],
  "duplicate-key.bad.yaml": ["7:7 duplicate-key "],
  "duplicate-name.bad.yaml": ["6:13 duplicate-name workloads[1].name"],
  "duplicate-port.bad.yaml": ["6:15 duplicate-port server.listeners[1].port"],
  "missing-key-source-port.bad.yaml": ["23:5 missing-key workloads.w19.first_source_port"],
  "missing-key.bad.yaml": [
    "2:1 missing-key duration_s",
    "4:7 missing-key server.listeners[0].port",
    "5:41 missing-key server.listeners.81.accept.rate_per_s",
    "6:41 missing-key server.listeners.82.accept.service_time_s",
    "8:5 missing-key workloads.neither.rate_per_s",
    "9:5 missing-key workloads.endless.duration_s",
    "10:5 missing-key workloads.flood.packet",
    "12:5 missing-key impairments[0].direction",
  ],
  "mtu.bad.yaml": ["4:8 out-of-range server.mtu", "6:8 out-of-range client.mtu", "8:8 out-of-range path.mtu"],
  "nearest-kernel.bad.yaml": ["3:19 not-modelled server.kernel", "3:19 nearest-kernel server.kernel"],
  "not-allowed.bad.yaml": [
    "4:7 not-allowed server.hz",
    "6:49 not-allowed server.listeners.80.accept.mode",
    "6:75 not-allowed server.listeners.80.app.close",
    "8:10 not-allowed client.clock",
    "10:26 not-allowed workloads.legit.kind",
    "11:50 not-allowed workloads.poisson.arrival",
    "12:49 not-allowed workloads.flood.packet",
  ],
  "not-modelled.bad.yaml": [
    "4:11 not-modelled server.kernel",
    "6:31 not-modelled server.sysctls.net.ipv4.tcp_migrate_req",
    "7:28 not-modelled server.sysctls.net.ipv4.tcp_fastopen",
    "10:77 not-modelled server.listeners.80.app.response_bytes",
    "12:65 not-modelled workloads.upload.request_bytes",
  ],
  "out-of-range-socket-options.bad.yaml": [
    "5:36 out-of-range server.sysctls.net.ipv4.tcp_keepalive_probes",
    "9:35 out-of-range server.listeners.80.app.keepalive.time_s",
    "9:50 out-of-range server.listeners.80.app.keepalive.probes",
    "11:74 wrong-type workloads.legit.keepalive.interval_s",
    "11:97 out-of-range workloads.legit.user_timeout_s",
    "12:57 wrong-type workloads.on.keepalive",
  ],
  "path-mtu.bad.yaml": ["6:8 not-modelled path.mtu"],
  "out-of-range.bad.yaml": [
    "2:13 out-of-range duration_s",
    "3:20 out-of-range sample_interval_s",
    "6:25 out-of-range server.sysctls.net.core.somaxconn",
    "7:34 out-of-range server.sysctls.net.ipv4.tcp_synack_retries",
    "9:15 out-of-range server.listeners.65536.port",
    "9:31 out-of-range server.listeners.65536.backlog",
    "11:20 out-of-range client.one_way_delay_s",
    "12:16 out-of-range client.time_wait_s",
    "13:15 out-of-range client.crashes_s[0]",
    "15:35 out-of-range client.sysctls.net.ipv4.ip_local_port_range",
    "16:39 out-of-range client.sysctls.net.ipv4.ip_local_reserved_ports",
    "18:51 out-of-range workloads.legit.rate_per_s",
    "19:56 out-of-range workloads.flood.rate_per_s",
    "21:44 out-of-range path.to_server.late_copies.probability",
    "21:58 out-of-range path.to_server.late_copies.delay_s",
    "22:58 out-of-range path.to_client.late_copies.delay_s",
    "24:59 out-of-range impairments[0].drop_probability",
    "25:57 out-of-range impairments[1].drop_every_nth",
  ],
  "counterfactual.bad.yaml": [
    "4:16 counterfactual server.time_wait_s",
    "5:8 counterfactual server.isn",
    "6:14 counterfactual server.handshake",
    "8:16 counterfactual client.time_wait_s",
    "9:18 conflict client.crashes_s[1]",
    "9:21 without-effect client.crashes_s[2]",
    "11:81 conflict path.to_server.late_copies.end_s",
  ],
  "cut.bad.yaml": ["6:28 cut server.listeners.80.backlog", "10:60 conflict impairments[0].end_s"],
  "without-effect-kernel.bad.yaml": [
    "5:25 without-effect server.sysctls.net.core.somaxconn",
    "6:35 without-effect server.sysctls.net.ipv4.tcp_max_syn_backlog",
    "7:28 without-effect server.sysctls.net.ipv4.tcp_tw_reuse",
    "13:25 without-effect client.sysctls.net.core.somaxconn",
    "14:34 without-effect client.sysctls.net.ipv4.tcp_tw_reuse_delay",
    "16:60 conflict impairments[0].end_s",
  ],
  "unreadable.bad.yaml": ["5:60 unreadable workloads.day.trace"],
  "axes.experiment.bad.yaml": [
    "6:11 bad-axis sweep.sample",
    "8:34 bad-axis sweep.axes.server.listeners.80.backlog",
    "9:40 out-of-range sweep.axes.server.sysctls.net.core.somaxconn",
    "9:40 wrong-type sweep.axes.server.sysctls.net.core.somaxconn",
    "10:34 unknown-name sweep.axes.server.listeners.81.backlog",
    "11:33 bad-axis sweep.axes.workloads.legit.rate_per_s",
    "12:28 bad-axis sweep.axes.workloads.legit.count",
    "13:17 conflict sweep.axes.duration_s",
    "14:16 not-allowed sweep.axes.server.hz",
  ],
  "sweep-keys.experiment.bad.yaml": [
    "2:3 missing-key scenario.server",
    "4:10 unknown-key sweep.axis",
    "4:57 wrong-type sweep.axes",
    "4:68 wrong-type sweep.sample",
  ],
  "bad-threshold.experiment.bad.yaml": [
    "8:5 bad-threshold thresholds[0]",
    "9:5 bad-threshold thresholds[1]",
    "10:5 bad-threshold thresholds[2]",
    "11:5 bad-threshold thresholds[3]",
    "12:5 bad-threshold thresholds[4]",
    "13:5 bad-threshold thresholds[5]",
    "14:5 wrong-type thresholds[6]",
  ],
  "experiment-keys.experiment.bad.yaml": [
    "2:1 unknown-key scenarios",
    "3:11 not-allowed scenario",
    "4:10 wrong-type tunings",
    "5:8 out-of-range seeds",
    "6:11 wrong-type profiles",
    "7:13 wrong-type thresholds",
  ],
  "missing-key.experiment.bad.yaml": ["2:1 missing-key scenario"],
  "seeds.experiment.bad.yaml": [
    "3:9 out-of-range seeds[0]",
    "3:13 out-of-range seeds[1]",
    "3:25 wrong-type seeds[2]",
    "4:18 wrong-type tunings.base",
    "duplicate-key.bad.yaml:7:7 duplicate-key ",
  ],
  "trace.experiment.bad.yaml": [
    "8:63 unreadable scenario.workloads.week.trace",
    "trace.bad.csv:5:1 wrong-type ",
    "trace.bad.csv:6:1 out-of-range ",
    "trace.bad.csv:7:1 wrong-type ",
    "trace.bad.csv:8:1 wrong-type ",
    "trace.bad.csv:10:1 conflict ",
  ],
  "tunings.experiment.bad.yaml": [
    "6:9 not-allowed scenario.server.hz",
    "11:50 out-of-range tunings.negative.server.sysctls.net.core.somaxconn",
    "11:62 unknown-kernel tunings.negative.kernel",
    "15:32 wrong-type tunings.nested.server.listeners.80.backlog",
    "16:19 missing-key tunings.nested.server.listeners.81.backlog",
    "17:45 conflict tunings.modes.server.listeners.80.accept.rate_per_s",
    "17:45 missing-key tunings.modes.server.listeners.80.accept.service_time_s",
    "17:45 missing-key tunings.modes.server.listeners.80.accept.workers",
    "18:54 duplicate-key tunings.twice.server.listeners.80.backlog",
    "19:13 conflict tunings.shared.duration_s",
    "20:17 unknown-key tunings.empty-part.server..hz",
    "21:14 unknown-key tunings.unknown.server.listeners.80.backlgo",
    "22:3 bad-name tunings.no map",
    "22:11 wrong-type tunings.no map",
    "24:15 conflict seeds[2]",
    "tunings.profile.bad.yaml:3:1 unknown-key tuning",
    "tunings.profile.bad.yaml:5:3 duplicate-name tunings.default",
    "tunings.profile.bad.yaml:6:56 wrong-type tunings.blog.server.sysctls.net.ipv4.tcp_max_syn_backlog",
  ],
  "unknown-metric.experiment.bad.yaml": [
    "11:5 unknown-metric thresholds[0]",
    "12:5 unknown-metric thresholds[1]",
    "13:5 unknown-metric thresholds[2]",
    "14:5 unknown-metric thresholds[3]",
  ],
  "unknown-name.experiment.bad.yaml": [
    "9:5 unknown-name tunings.typo.workloads.legti.rate_per_s",
    "11:28 unknown-name tunings.port.server.listeners.8080",
    "13:5 unknown-name tunings.index.server.listeners.0.backlog",
  ],
  "unreadable.experiment.bad.yaml": [
    "2:11 unreadable scenario",
    "6:5 unreadable profiles[0]",
    "7:5 unreadable profiles[1]",
  ],
  "syntax-documents.bad.yaml": ["4:1 syntax "],
  "syntax-tag.bad.yaml": ["2:13 syntax "],
  "syntax.bad.yaml": ["4:1 syntax "],
  "too-deep.bad.yaml": ["1:1 too-deep "],
  "too-many.bad.yaml": ["5:48 too-many workloads.counted.count", "6:51 too-many workloads.timed.rate_per_s"],
  "unknown-kernel.bad.yaml": ["3:19 unknown-kernel server.kernel", "4:19 unknown-kernel client.kernel"],
  "unknown-key.bad.yaml": [
    "3:1 unknown-key durations",
    "5:3 unknown-key server.listenres",
    "7:33 unknown-key server.listeners.80.accpet",
    "9:70 unknown-key workloads.legit.answer_to_synack",
  ],
  "unknown-sysctl.bad.yaml": [
    "5:5 unknown-sysctl server.sysctls.net.ipv4.tcp_max_syn_backlg",
    "6:5 unknown-sysctl server.sysctls.core.somaxconn",
    "7:5 unknown-sysctl server.sysctls.net/ipv4/tcp_syncookies",
    "8:5 unknown-sysctl server.sysctls.vm.swappiness",
  ],
  "without-effect.bad.yaml": [
    "2:13 out-of-range duration_s",
    "5:38 without-effect server.sysctls.net.ipv4.tcp_congestion_control",
    "7:62 without-effect workloads.burst.duration_s",
  ],
  "wrong-type-pause.bad.yaml": [
    "5:72 wrong-type server.listeners.80.accept.pause_windows_s[0]",
    "5:75 wrong-type server.listeners.80.accept.pause_windows_s[1]",
    "5:80 wrong-type server.listeners.80.accept.pause_windows_s[2]",
  ],
  "wrong-type-sysctl.bad.yaml": [
    "5:25 wrong-type server.sysctls.net.core.somaxconn",
    "6:30 wrong-type server.sysctls.net.ipv4.tcp_syncookies",
    "9:35 wrong-type client.sysctls.net.ipv4.ip_local_port_range",
    "10:39 wrong-type client.sysctls.net.ipv4.ip_local_reserved_ports",
    "11:38 wrong-type client.sysctls.net.ipv4.tcp_congestion_control",
  ],
  "wrong-type.bad.yaml": [
    "2:13 wrong-type duration_s",
    "4:12 wrong-type server.sysctls",
    "6:13 wrong-type server.listeners.80.port",
    "7:16 wrong-type server.listeners.80.backlog",
    "8:18 wrong-type server.listeners.80.reuseport",
    "9:15 wrong-type server.listeners.80.accept",
    "10:7 wrong-type server.listeners[1]",
    "11:1 wrong-type client",
    "15:17 wrong-type workloads.legit.rate_per_s",
    "18:3 wrong-type impairments",
  ],
};

/** Too large to be files. */
const made: Record<string, readonly [text: string, issues: readonly string[]]> = {
  "too many characters": ["#".repeat(MAX_CHARACTERS + 1), ["1:1 too-large "]],
  "too many tokens": ["- 0\n".repeat(MAX_TOKENS / 4), ["1:1 too-large "]],
};

function issuesOf(text: string): readonly ConfigIssue[] {
  const result = parseScenario(text);
  return result.ok ? [] : result.error;
}
const textOf = (file: string): string => readFileSync(`${FOLDER}/${file}`, "utf8");
const readFile: ReadFile = (path) =>
  readdirSync(FOLDER).includes(path) ? { ok: true, value: textOf(path) } : { ok: false, error: "no such file" };

function issuesOfFile(file: string): readonly ConfigIssue[] {
  if (!file.includes(".experiment.")) return issuesOf(textOf(file));
  const result = parseExperiment(textOf(file), readFile);
  return result.ok ? [] : result.error;
}
const row = ({ file, line, column, code, path }: ConfigIssue): string =>
  `${file === undefined ? "" : `${file}:`}${line}:${column} ${code} ${path}`;

describe("a broken file shows all its issues", () => {
  for (const [file, expected] of Object.entries(cases)) {
    test(file, () => {
      expect(issuesOfFile(file).map(row)).toEqual(expected);
    });
  }
  for (const [what, [text, expected]] of Object.entries(made)) {
    test(what, () => {
      expect(issuesOf(text).map(row)).toEqual(expected);
    });
  }
});

test("every broken file has a row", () => {
  const files = readdirSync(FOLDER).filter((name) => /\.bad\.(yaml|csv)$/.test(name));
  const shown = Object.entries(cases).flatMap(([file, rows]) => [
    file,
    ...rows.map((text) => text.split(":")[0] ?? ""),
  ]);
  expect(files.filter((file) => !shown.includes(file))).toEqual([]);
});

test("every code has a case", () => {
  const rows = [...Object.values(cases), ...Object.values(made).map(([, issues]) => issues)].flat();
  const shown = new Set(rows.map((text) => text.split(" ")[1]));
  expect([...shown].sort()).toEqual(Object.keys(ISSUE_CODES).sort());
});

test("every message says what was found, or what is missing", () => {
  for (const file of Object.keys(cases)) {
    for (const { code, message } of issuesOfFile(file)) {
      if (code !== "syntax") expect(message, file).toMatch(/^(found |is missing, |there is no such key here)/);
    }
  }
});

test("a file with errors shows its warnings too, and the errors make it unusable", () => {
  const severities = issuesOf(textOf("without-effect.bad.yaml")).map((issue) => isWarning(issue));
  expect(severities).toEqual([false, true, true]);
});

test("issues read as compilers write them", () => {
  expect(formatIssues("flood.yaml", issuesOf(textOf("nearest-kernel.bad.yaml")))).toBe(
    `flood.yaml:3:19 server.kernel: found kernel "3.16", modelled are only 4.4, 4.15, 4.19, 5.4, 5.15, 6.1, 6.6, 6.8, 6.12, 6.18.15, 6.18 yet
flood.yaml:3:19 warning: server.kernel: found "3.16", which is not listed: the rules of 3.10 (3.10.108), the nearest older one, are taken
`,
  );
  expect(formatIssues("flood.yaml", issuesOf("duration_s: 1\nserver: {}\nduratoin: 1"))).toBe(
    `flood.yaml:3:1 duratoin: there is no such key here
  hint: did you mean duration_s?
`,
  );
});

test("garbage is reported up to a limit", () => {
  expect(issuesOf(`server: {listeners: [${"{x: 1},".repeat(1000)}]}`)).toHaveLength(100);
});

describe("a path that is too narrow for whole packets", () => {
  const FREE = "sysctls: { net.ipv4.ip_no_pmtu_disc: 1 }";
  test.each([
    [1399, 1400, 1500, "", FREE, ["not-modelled"], "the server forbids fragments"],
    [1399, 1400, 1500, FREE, "", ["not-modelled"], "the client does"],
    [1399, 1400, 1500, FREE, FREE, [], "both let routers cut"],
    [1400, 1400, 1500, "", "", [], "nobody sends more: the smaller MTU counts both ways"],
    [1400, 1500, 1500, "", "", ["not-modelled"], "both send more"],
  ])("%d with MTUs %d and %d: %s", (path, server, client, ofServer, ofClient, codes) => {
    const side = (mtu: number, rest: string): string => `{ mtu: ${mtu}${rest === "" ? "" : `, ${rest}`} }`;
    const text = `{ duration_s: 1, path: { mtu: ${path} }, server: ${side(server, ofServer)}, client: ${side(client, ofClient)} }`;
    const parsed = parseScenario(text);
    expect((parsed.ok ? parsed.value.warnings : parsed.error).map(({ code }) => code)).toEqual(codes);
  });
});
