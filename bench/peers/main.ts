/**
 * Question  How much time does the same flood cost in general simulators: npm's simjs and, where it is installed, Debian's ns-3 (libns3-dev, g++)?
 * Method    Round by round halfopen, packet by packet, and the peer, each in a process of its own; medians; the ratio is formed within a round. simjs runs
 *           W0, written as one would with it (simjs-flood.ts); ns-3 its own TCP (ns3-flood.cc), which has no backlog and grows slow with its
 *           sockets, so it gets a small flood at a server that keeps every half-open.
 * Sizes     `--smoke` runs inside the tests, `npm run bench:peers` takes the real ones, `--rounds N` (3) times; `--write`: into bench/RESULTS.md.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchFolder, libraryUrl } from "../places.ts";
import { machine } from "../report.ts";
import { writeSection } from "../results-file.ts";
import { median } from "../statistics.ts";
import { Subject } from "../subject.ts";
import { scenarioText, WORKLOADS } from "../workloads.ts";

const { values: flags } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    rounds: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds ?? (flags.smoke ? 1 : 3));

/** What a peer printed. */
interface PeerRun {
  readonly wallS: number;
  readonly syns: number;
}
interface Peer {
  readonly name: string;
  readonly flood: string;
  readonly scenario: string;
  readonly run: () => PeerRun;
}

const folder = mkdtempSync(join(tmpdir(), "halfopen-peers-"));
const halfopen = await Subject.start(libraryUrl);
try {
  const rows: string[] = [];
  for (const peer of [simjs(), ns3()]) if (peer !== null) rows.push(await compare(peer));
  const text = `${machine()}; ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds.

| peer | flood | peer: SYN per s of wall-clock time | halfopen | halfopen is faster by |
|---|---|---:|---:|---:|
${rows.join("\n")}
`;
  process.stdout.write(text);
  if (flags.write) writeSection("Peers", text);
} finally {
  halfopen.stop();
  rmSync(folder, { recursive: true });
}

async function compare({ name, flood, scenario, run }: Peer): Promise<string> {
  const job = { text: scenario, engine: "packet" } as const;
  await halfopen.measure(job);
  const [own, others, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${name}: round ${round} of ${rounds}\n`);
    const { wallS, syns } = run();
    const ownS = (await halfopen.measure(job)).wallS;
    others.push(syns / wallS);
    own.push(syns / ownS);
    ratios.push(wallS / ownS);
  }
  const perS = (values: readonly number[]): string => Number(median(values).toPrecision(2)).toLocaleString("en");
  return `| ${name} | ${flood} | ${perS(others)} | ${perS(own)} | ${Number(median(ratios).toPrecision(2))} × |`;
}

function simjs(): Peer {
  const w0 = WORKLOADS.find(({ name }) => name === "W0");
  if (w0 === undefined) throw new Error("W0 is missing");
  const seconds = flags.smoke ? 0.5 : 10;
  const program = fileURLToPath(new URL("./simjs-flood.js", import.meta.url));
  return {
    name: "simjs 2.0.3",
    flood: `W0, ${seconds} s`,
    scenario: scenarioText(w0, seconds),
    run: () => JSON.parse(execFileSync(process.execPath, [program, String(seconds)], { encoding: "utf8" })),
  };
}

/** null: ns-3 is not installed. */
function ns3(): Peer | null {
  const [rate, seconds] = [1000, flags.smoke ? 0.5 : 5];
  const program = join(folder, "ns3-flood");
  const libraries = ["core", "network", "internet", "point-to-point"].map((name) => `-lns3-${name}`);
  try {
    execFileSync("g++", ["-O2", "-o", program, join(benchFolder, "peers", "ns3-flood.cc"), ...libraries], {
      stdio: "pipe",
    });
  } catch {
    process.stderr.write("ns-3 is left out: it is not installed\n");
    return null;
  }
  return {
    name: "ns-3",
    flood: `${rate} SYN/s, ${seconds} s, no limit`,
    scenario: JSON.stringify({
      duration_s: seconds,
      server: {
        sysctls: {
          "net.core.somaxconn": 1048576,
          "net.ipv4.tcp_max_syn_backlog": 1048576,
          "net.ipv4.tcp_syncookies": 0,
        },
        listeners: [{ port: 80, backlog: 1048576 }],
      },
      client: { one_way_delay_s: 0.01 },
      workloads: [
        { name: "flood", kind: "raw", packet: "syn", arrival: "poisson", rate_per_s: rate, duration_s: seconds },
      ],
    }),
    run: () => JSON.parse(execFileSync(program, [String(rate), String(seconds)], { encoding: "utf8" })),
  };
}
