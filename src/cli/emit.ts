/**
 * `run --emit TUNING`: the settings of a tuning as lines for sysctl.d and for the application, each with its reason.
 *
 * Reason   A sysctl's meaning as tunables.ts has it, and the kernel's default that it replaces. What a scenario does not set is not emitted.
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

export function emitTuning(experiment: string, { name, scenario }: Tuning): string {
  const title = `# Tuning "${name}" of "${experiment}", for Linux ${scenario.server.kernel}.\n`;
  return [
    `${title}# Save as /etc/sysctl.d/90-${fileName(name)}.conf on the server, then: sysctl --system\n`,
    ...sysctlLines(scenario.server),
    ...scenario.server.listeners.map((listener) => applicationLines(listener, scenario)),
    ...clientLines(scenario),
  ].join("\n");
}

const fileName = (name: string): string => name.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase();

function sysctlLines({ sysctls, kernel }: Scenario["server"] | Scenario["client"]): string[] {
  return (Object.keys(sysctls) as TunableName[]).map((name) => {
    const byDefault = defaultFor(name, kernel);
    return `# ${TUNABLES[name].meaning} Default of ${kernel}: ${byDefault}.\n${name} = ${sysctls[name]}\n`;
  });
}

/** listen(2)'s backlog is an argument of the application; each has its own place for it. */
function applicationLines({ port, backlog }: ListenerScenario, scenario: Scenario): string {
  const effective = effectiveValues(scenario).listeners.find((one) => one.port === port);
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

function clientLines({ client }: Scenario): string[] {
  const lines = sysctlLines(client);
  return lines.length === 0 ? [] : ["# On the clients, in a file of their own:\n", ...lines];
}
