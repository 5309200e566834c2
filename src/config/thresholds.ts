/** Thresholds: `legit.connect_latency_ms.p99 < 100`, a metric of vocabulary/metrics.ts, an operator, a number. */
import { err, ok, type Result } from "../base/result.ts";
import { COMPARISONS, type Experiment, type Threshold } from "../vocabulary/experiment.ts";
import { type MetricNames, metricFault, resolveMetric } from "../vocabulary/metrics.ts";
import { describe } from "./fields.ts";
import { metricNamesOf } from "./tunings.ts";
import type { PathIssue } from "./zod-issues.ts";

type Fault = Omit<PathIssue, "path">;

/** What metrics can be of, in each tuning. */
export interface NamedTuning {
  readonly name: string;
  readonly names: MetricNames;
}

/** The threshold must mean something in every tuning. */
export function parseThreshold(text: string, tunings: readonly NamedTuning[]): Threshold | Fault {
  const [, metric = "", operator = "", number = ""] = /^([^<>=!]*)([<>=!]*)([^<>=!]*)$/.exec(text) ?? [];
  const comparison = COMPARISONS.find((known) => known === operator);
  const limit = Number(number.trim());
  if (metric.trim() === "" || comparison === undefined || !isNumber(number.trim()) || !Number.isFinite(limit)) {
    const allowed = `METRIC OPERATOR NUMBER, such as "legit.served_ratio > 0.99"`;
    return {
      code: "bad-threshold",
      message: `found ${describe(text)}, allowed is ${allowed}`,
      hint: hintOf(operator, number),
    };
  }
  const has = ({ names }: NamedTuning): boolean => resolveMetric(metric.trim(), names) !== null;
  const without = tunings.find((tuning) => !has(tuning));
  const fault = without && metricFault(metric.trim(), without.names);
  if (without && fault) {
    const where = tunings.some(has) ? ` in tuning ${without.name}` : "";
    const message = `found ${describe(metric.trim())}: ${fault.message}${where}`;
    return { code: "unknown-metric", message, hint: fault.hint };
  }
  if (/_ratio$/.test(metric.trim()) && metric.trim() !== "amplification_ratio" && (limit < 0 || limit > 1)) {
    const message = `found ${limit}, a ratio is a number from 0 to 1`;
    return { code: "bad-threshold", message, hint: "99 % is 0.99" };
  }
  return { text, metric: metric.trim(), comparison, limit };
}

/** Thresholds that are asked for beside those of a file: all of them, or what is wrong with the first bad one. */
export function thresholdsFrom(
  texts: readonly string[],
  { tunings }: Pick<Experiment, "tunings">,
): Result<Threshold[], string> {
  const named = tunings.map(({ name, scenario }) => ({ name, names: metricNamesOf(scenario) }));
  const thresholds: Threshold[] = [];
  for (const text of texts) {
    const parsed = parseThreshold(text, named);
    if (!("metric" in parsed))
      return err(`${parsed.message}${parsed.hint === undefined ? "" : `\n  hint: ${parsed.hint}`}`);
    thresholds.push(parsed);
  }
  return ok(thresholds);
}

const isNumber = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);

function hintOf(operator: string, number: string): string {
  if (operator === "=") return "write == for equal";
  if (!(COMPARISONS as readonly string[]).includes(operator)) return `operators are ${COMPARISONS.join(" ")}`;
  if (/^\s*[\d.]+\s*%\s*$/.test(number)) return "write ratios as numbers from 0 to 1";
  if (/^\s*[\d.]+\s*[a-zµ]+\s*$/i.test(number)) return "write the number alone, the unit is that of the metric";
  return "one metric on the left, one number on the right";
}
