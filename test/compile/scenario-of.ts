/** Scenario of a text that is known to be good. */
import { formatIssues } from "../../src/config/issues.ts";
import { parseScenario } from "../../src/config/parse.ts";
import type { Scenario } from "../../src/vocabulary/scenario.ts";

export function scenarioOf(text: string): Scenario {
  const result = parseScenario(text);
  if (!result.ok) throw new Error(formatIssues("scenario", result.error));
  return result.value.scenario;
}
