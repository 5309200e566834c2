/**
 * `run --emit TUNING`: the settings of a tuning as lines for sysctl.d and for the application, each with its reason.
 *
 * Reason   A sysctl's meaning as tunables.ts has it, the kernel's default that it replaces, and whether tuning or scenario sets it. What neither sets is not emitted.
 * Form     The whole output may be saved as it is: all but the server's sysctls is comment, so that the clients' do not reach the server.
 */
import {
  defaultFor,
  effectiveValues,
  type ListenerScenario,
  type Scenario,
  TUNABLES,
  type TunableName,
  type Tuning,
} from "../index.ts";

export function emitTuning(experiment: string, tuning: Tuning): string {
  const { name, scenario } = tuning;
  const title = `# Tuning "${name}" of "${experiment.replace(/\s+/g, " ")}", for Linux ${scenario.server.kernel}.\n`;
  return [
    `${title}# Save as /etc/sysctl.d/90-${fileName(name)}.conf on the server, then: sysctl --system\n`,
    ...sysctlLines(tuning, "server"),
    ...listenersOf(scenario).map((listener) => applicationLines(listener, scenario)),
    ...otherLines(tuning),
    ...clientLines(tuning),
  ].join("\n");
}

const fileName = (name: string): string => name.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase();

function sysctlLines({ changes, scenario }: Tuning, side: "server" | "client"): string[] {
  const { sysctls, kernel } = scenario[side];
  return (Object.keys(sysctls) as TunableName[]).map((name) => {
    const byDefault = defaultFor(name, kernel);
    const isOfTuning = changes.some(({ path }) => path === `${side}.sysctls.${name}`);
    const setBy = isOfTuning ? "Set by the tuning" : "Set by the scenario for every tuning";
    return `# ${TUNABLES[name].meaning} ${setBy}; default of ${kernel}: ${byDefault}.\n${name} = ${sysctls[name]}\n`;
  });
}

/** Those that differ: listeners that share a port are one line of the application's configuration. */
function listenersOf({ server: { listeners } }: Scenario): ListenerScenario[] {
  return [...new Map(listeners.map((listener) => [`${listener.port} ${listener.backlog}`, listener])).values()];
}

/** listen(2)'s backlog is an argument of the application; each has its own place for it. */
function applicationLines({ port, backlog }: ListenerScenario, scenario: Scenario): string {
  const effective = effectiveValues(scenario).listeners.find(
    (one) => one.port === port && one.askedBacklog === backlog,
  );
  const cut =
    effective !== undefined && effective.backlog !== backlog
      ? ` (cut to ${effective.backlog} by net.core.somaxconn)`
      : "";
  return `# The application on port ${port}: listen() with a backlog of ${backlog}${cut}. It takes effect when the application listens anew.
#   nginx   listen ${port} backlog=${backlog};
#   Node    server.listen({ port: ${port}, backlog: ${backlog} })
#   Java    new ServerSocket(${port}, ${backlog})
#   Go      net.Listen takes net.core.somaxconn as it was at the first listen; there is no argument for it
`;
}

const EMITTED = /\.sysctls\.|^server\.listeners\.\d+\.backlog$/;

/** What the tuning changes besides, for which there is no line to write. */
function otherLines({ changes }: Tuning): string[] {
  const others = changes.filter(({ path }) => !EMITTED.test(path));
  if (others.length === 0) return [];
  const lines = others.map(({ path, value }) => `#   ${path}: ${JSON.stringify(value)}\n`);
  return [`# Changed by the tuning too, and not a setting of the kernel:\n${lines.join("")}`];
}

function clientLines(tuning: Tuning): string[] {
  const lines = sysctlLines(tuning, "client").map((line) => line.replace(/^(?!#)(?=.)/gm, "#   "));
  return lines.length === 0 ? [] : ["# On the clients, in a file of their own:\n", ...lines];
}
