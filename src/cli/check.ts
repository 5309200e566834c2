/** `check FILE [--json]`: validates an experiment or a scenario and prints the limits that result, for each tuning. Nothing is simulated. */
import { formatBytes, formatCount, formatSeconds } from "../base/units.ts";
import { type EffectiveListener, type EffectiveValues, effectiveValues } from "../compile/effective.ts";
import { formatIssues } from "../config/issues.ts";
import type { TuningChange } from "../vocabulary/experiment.ts";
import { ISNS, type IsnName, wrapS } from "../vocabulary/isn.ts";
import type { SweepDesign } from "../vocabulary/sweep.ts";
import type { Command } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { EXPERIMENT_ARGUMENT, loadExperiment } from "./load-experiment.ts";
import { formatTable } from "./table.ts";

export const command: Command = {
  configure: (commander) => {
    commander.argument("<file>", EXPERIMENT_ARGUMENT).option("--json", "print JSON");
  },

  async execute({ stdout, stderr }, positionals, options) {
    const given = String(positionals[0]);
    const loaded = await loadExperiment(given);
    const file = loaded.ok ? loaded.value.file : given;
    const issues = loaded.ok ? loaded.value.warnings : loaded.error.issues;
    const tunings = loaded.ok
      ? loaded.value.experiment.tunings.map(({ name, changes, scenario }) => ({
          name,
          changes,
          effective: effectiveValues(scenario),
        }))
      : [];
    const sweep = loaded.ok ? (loaded.value.sweep?.design ?? null) : null;
    const isRead = loaded.ok || issues.length > 0;
    if (options.json === true && isRead) {
      stdout(`${JSON.stringify({ file, ok: loaded.ok, issues, tunings, sweep }, null, 2)}\n`);
    } else {
      stderr(loaded.ok ? formatIssues(file, issues) : loaded.error.text);
      stdout(formatTunings(tunings));
      if (sweep !== null) stdout(`\n${formatSweep(sweep, tunings.length)}`);
    }
    return loaded.ok ? ExitCode.Ok : ExitCode.InvalidConfig;
  },
};

interface CheckedTuning {
  readonly name: string;
  readonly changes: readonly TuningChange[];
  readonly effective: EffectiveValues;
}

/** What `halfopen sweep` would try. */
function formatSweep({ axes, samples }: SweepDesign, tunings: number): string {
  const points = samples ?? axes.reduce((product, { values }) => product * values.length, 1);
  const valuesOf = ({ values, range }: SweepDesign["axes"][number]): string =>
    range === null ? values.map((value) => JSON.stringify(value)).join(", ") : `${range.from} to ${range.to}`;
  const way = samples === null ? "grid" : `lhs:${samples}`;
  const rows = axes.map((axis): [string, string] => [axis.path, valuesOf(axis)]);
  const title = `sweep: ${formatCount(points)} points (${way})${tunings === 1 ? "" : " in each tuning"}`;
  return `${title}\n${formatTable(
    ["  axis", "values"],
    rows.map(([path, values]) => [`  ${path}`, values]),
  )}`;
}

/** One after the other; a file with one tuning needs no headings. */
function formatTunings(tunings: readonly CheckedTuning[]): string {
  if (tunings.length === 1) return tunings.map(({ effective }) => formatEffective(effective)).join("");
  return tunings
    .map(({ name, changes, effective }) => {
      const changed = changes.map(({ path, value }) => `  ${path}: ${JSON.stringify(value)}\n`).join("");
      return `# ${name}\n${changed}\n${formatEffective(effective)}`;
    })
    .join("\n");
}

export function formatEffective({ server, listeners, client }: EffectiveValues): string {
  const retransmissions = `tcp_synack_retries ${server.synackRetries}`;
  const cookies = ["off", "when the SYN queue is full", "for every SYN"][Math.min(server.syncookies, 2)];
  const sections = [
    section("server", [
      ["kernel", `Linux ${server.kernel}, HZ ${server.hz}`],
      ["SYN cookies", `${cookies} (tcp_syncookies ${server.syncookies})`],
      ["half-open lifetime", `${formatSeconds(server.halfOpenLifetimeS)} unanswered (${retransmissions})`],
      [
        "TIME_WAIT",
        `${formatSeconds(server.timeWaitS)}, ${formatCount(server.maxTimeWait)} entries at most, ${formatBytes(server.timeWaitBytes)}`,
      ],
      ["sequence numbers", isnText(server.isn)],
      ...(server.handshake === "two_way"
        ? [["handshake", "two-way: established at the SYN (no kernel does this)"] as const]
        : []),
    ]),
    listenersTable(listeners),
    ...listeners.map((listener) => notesOn(listener, server)),
    section("client", [
      ["kernel", `Linux ${client.kernel}, HZ ${client.hz}`],
      [
        "connect() gives up",
        `after ${formatSeconds(client.connectTimeoutS)} unanswered (tcp_syn_retries ${client.synRetries}, ` +
          `tcp_syn_linear_timeouts ${client.synLinearTimeouts})`,
      ],
      ["TIME_WAIT", formatSeconds(client.timeWaitS)],
      ["sequence numbers", isnText(client.isn)],
      [
        "local ports",
        `${client.usablePorts} for each address and server port (${client.portLow} to ${client.portHigh}); ` +
          `${formatCount(Math.floor(client.sustainedPerS))} connections per second can go on, if the client closes first`,
      ],
    ]),
  ];
  return `${sections.filter((text) => text !== "").join("\n")}`;
}

/** What each connection begins at, and how long until the clock of it has gone round. */
function isnText(isn: IsnName): string {
  const wraps = wrapS(isn);
  return `${ISNS[isn].help}${wraps === null ? "" : `, which comes round in ${formatSeconds(wraps)}`}`;
}

const section = (title: string, rows: readonly (readonly [string, string])[]): string =>
  `${title}\n${rows.map(([name, value]) => `  ${name.padEnd(18)}  ${value}\n`).join("")}`;

function listenersTable(listeners: readonly EffectiveListener[]): string {
  if (listeners.length === 0) return "";
  const header = ["port", "listen()", "backlog", "accept queue", "SYN queue", "then a SYN is", "both full"];
  const rows = listeners.map((listener) => [
    listener.port,
    listener.askedBacklog,
    listener.backlog,
    listener.acceptQueueCapacity,
    listener.synQueueCapacity,
    listener.whenSynQueueFull === "cookie" ? "answered by a cookie" : "dropped",
    formatBytes(listener.fullQueuesBytes),
  ]);
  return formatTable(header, rows);
}

/** What surprises: a backlog that was cut, a SYN queue that unknown peers cannot fill. */
function notesOn(listener: EffectiveListener, server: EffectiveValues["server"]): string {
  const { port, askedBacklog, backlog, synQueueCapacity, synQueueOfUnknownPeers: unknown } = listener;
  let notes = "";
  if (askedBacklog !== backlog) {
    notes += `port ${port}: listen(${askedBacklog}) is cut to net.core.somaxconn, ${server.somaxconn}\n`;
  }
  if (unknown !== null && unknown < synQueueCapacity) {
    notes += `port ${port}: unknown peers fill ${unknown} of ${synQueueCapacity}, three quarters of tcp_max_syn_backlog, ${server.maxSynBacklog}\n`;
  }
  return notes;
}
