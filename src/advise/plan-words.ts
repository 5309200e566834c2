/** What a plan comes to, in sentences: what ends it, how near the tuning is, whether it is monotone there; or why no value is enough. */
import { formatCount, formatSeconds } from "../base/units.ts";
import { bindingOf, verdictOn, whatBinds, whatWaits } from "../results/blame.ts";
import type { Besides, Measured } from "../results/plan-format.ts";
import type { TuningSummary } from "../results/summary-format.ts";
import { formatMs, formatRatio } from "../results/summary-table.ts";
import { GATES } from "../vocabulary/gates.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import type { Tried, Yield } from "./plan.ts";
import type { Found } from "./search.ts";

export function planWords(of: Yield): string[] {
  const { status, found, dead } = of;
  const deadWords = dead === null ? [] : [`${of.quest.path} moves nothing here: ${dead}.`];
  if (found === null) return [interruptedWords(of)];
  if (status === "never") return [...neverWords(of, found), ...deadWords];
  return [...answerWords(of, found), ...intervalWords(of, found), ...monotoneWords(of, found), ...deadWords];
}

/** Five digits of a mean are enough to see on which side of a limit it is. */
export function formatNumber(value: number): string {
  return formatCount(Number.isInteger(value) ? value : Number(value.toPrecision(5)));
}

/** "clients.served_ratio 0.9913": what was asked for, and what was found. */
export const measuredText = (measured: readonly Measured[]): string =>
  measured
    .map(({ metric, value }) => `${metric} ${value === null ? "was not measured" : formatNumber(value)}`)
    .join(", ");

const failing = ({ measured }: Pick<Tried, "measured">): Measured[] => measured.filter(({ holds }) => !holds);

function interruptedWords({ tried, quest: { goal } }: Yield): string {
  const holding = tried.filter(({ holds }) => holds).map(({ value }) => value);
  const others = tried.filter(({ holds }) => !holds).map(({ value }) => value);
  const isMin = goal === "min";
  const good = isMin ? Math.min(...holding) : Math.max(...holding);
  const bad = isMin
    ? Math.max(...others.filter((value) => !(value > good)))
    : Math.min(...others.filter((value) => !(value < good)));
  if (tried.length === 0) return "Interrupted before any value was simulated.";
  const known = [
    ...(holding.length > 0 ? [`${formatNumber(good)} is enough`] : []),
    ...(Number.isFinite(bad) ? [`${formatNumber(bad)} is not`] : []),
  ];
  return `Interrupted; so far ${known.join(", ")}.`;
}

function answerWords(of: Yield, { answer, before }: Found<Tried>): string[] {
  if (answer === null) return [];
  const { goal } = of.quest;
  const { own } = of;
  const { value, judged } = answer;
  const isMin = goal === "min";
  const sentences = [`With ${formatNumber(value)}: ${measuredText(judged.measured)}.`];
  if (before === null) {
    sentences.push(
      isMin
        ? `It is the smallest value of the range: a smaller one may do too.`
        : `It is the largest value of the range: no limit was met within it.`,
    );
  } else {
    const failed = before.judged.of;
    sentences.push(
      `With ${formatNumber(before.value)} it fails: ${measuredText(failing(before.judged))}. ${whatEndsIt(failed)}`,
    );
  }
  return own === null ? sentences : [...sentences, ownWords(own, value, of)];
}

/** The gate; where none binds, the waiting for accept(), which is no loss at a gate. */
function whatEndsIt(of: TuningSummary): string {
  const binding = bindingOf(of);
  const waits = binding === null ? whatWaits(of) : [];
  return waits.length > 0 ? waits.join(" ") : whatBinds(of, binding);
}

/** Headroom: how the tuning's own value stands to the answer, and whether it holds itself. */
function ownWords(own: number, value: number, { tried, quest: { goal } }: Yield): string {
  const has = `The tuning has ${formatNumber(own)} now`;
  const itself = tried.find((one) => one.value === own);
  if (own === value) return `${has}: no headroom.`;
  const [room, need] = goal === "min" ? [own, value] : [value, own];
  const times = (room / need).toFixed(room < 10 * need ? 1 : 0);
  if (need <= 0 || room <= 0) return `${has}.`;
  if (goal === "min" && room < need) return `${has}: ${formatRatio(room / need)} of what it needs.`;
  if (room < need) return `${has}: ${(need / room).toFixed(1)} times what it takes.`;
  if (itself?.holds === false) return `${has}, which is not enough either: see below.`;
  return `${has}, which is enough: ${goal === "min" ? `${times} times what it needs` : `it takes ${times} times as much`}.`;
}

function intervalWords(
  { tried, quest: { goal } }: Yield,
  { answer, before, interval: [low, high] }: Found<Tried>,
): string[] {
  if (answer === null || before === null) return [];
  if (tried.every(({ isSure }) => !isSure))
    return ["There is no interval: that takes two seeds or more, and metrics that seeds have by themselves."];
  const [bad, good] = goal === "min" ? [low, high] : [high, low];
  const sides = goal === "min" ? ["below", "from"] : ["above", "up to"];
  const seeds = tried[0]?.of.syns_in.per_seed.length ?? 0;
  if (bad === good && good !== null) return [`${seeds === 2 ? "Both" : `All ${seeds}`} seeds agree on that.`];
  const parts = [
    bad === null ? "no value is sure to fail" : `${sides[0]} ${formatNumber(bad)} it is sure to fail`,
    good === null ? "none is sure to hold" : `${sides[1]} ${formatNumber(good)} it is sure to hold`,
  ];
  return [`By 95 % intervals over the ${seeds} seeds ${parts.join(", ")}; between, chance decides.`];
}

function monotoneWords(of: Yield, found: Found<Tried>): string[] {
  const { tried, quest } = of;
  const { answer, again } = found;
  if (answer === null) return [];
  const isMin = quest.goal === "min";
  const smaller = tried.filter(({ value }) => value < answer.value);
  const larger = tried.filter(({ value }) => value > answer.value);
  const [short, beyond] = isMin ? [smaller, larger] : [larger, smaller];
  if (again !== null) return againWords(of, found, again, beyond);
  if (short.length === 0) return [`All ${formatCount(beyond.length)} other values that were tried hold too.`];
  const side = (values: readonly Tried[], word: string, verb: string): string =>
    values.length === 1 ? `the ${word} one ${verb}s` : `all ${formatCount(values.length)} ${word} ${verb}`;
  const sides = isMin
    ? [side(smaller, "smaller", "fail"), side(larger, "larger", "hold")]
    : [side(larger, "larger", "fail"), side(smaller, "smaller", "hold")];
  const said = beyond.length === 0 ? sides.slice(0, 1) : sides;
  return [`Of the other values tried ${said.join(" and ")}: it is monotone as far as that shows.`];
}

/** Values beyond the answer that fail: within the interval that is chance, else it is said what happens there. */
function againWords(
  { quest, tuning }: Yield,
  { interval }: Found<Tried>,
  { failsFrom, holdsTo }: NonNullable<Found<Tried>["again"]>,
  beyond: readonly Tried[],
): string[] {
  const isMin = quest.goal === "min";
  const failed = beyond.filter(({ holds }) => !holds);
  if (failed.every(({ value }) => isWithin(value, interval))) {
    const values = failed.map(({ value }) => formatNumber(value)).join(", ");
    return [`Of the ${isMin ? "larger" : "smaller"} values tried ${values} fail, within the interval: chance.`];
  }
  const farthest = (isMin ? failed.at(-1) : failed[0]) as Tried;
  const from = `${isMin ? "from" : "down from"} ${formatNumber(failsFrom.value)} on`;
  return [
    `It is not monotone: ${from} it fails again (${formatNumber(holdsTo.value)} holds).`,
    `With ${formatNumber(farthest.value)}: ${measuredText(failing(farthest))}. ${verdictOn(farthest.of).sentences.join(" ")}`,
    ...afterPatience(farthest.of, quest.scenarioWith(tuning, farthest.value)),
  ];
}

const isWithin = (value: number, [low, high]: readonly [number | null, number | null]): boolean =>
  value >= (low ?? Number.NEGATIVE_INFINITY) && value <= (high ?? Number.POSITIVE_INFINITY);

/** A queue longer than clients wait: whoever is accepted has left, and those who come again keep it full. */
function afterPatience({ clients, listeners }: TuningSummary, { workloads }: Scenario): string[] {
  return workloads.flatMap((workload) => {
    const of = clients.find(({ name }) => name === workload.name);
    const waits = listeners.flatMap(({ port, accept_wait_ms }) =>
      port === workload.port ? (accept_wait_ms?.p99 ?? 0) : [],
    );
    const waitMs = Math.max(0, ...waits);
    if (of === undefined || workload.kind !== "connections" || workload.response_timeout_s === null) return [];
    if (waitMs <= workload.response_timeout_s * 1000) return [];
    const attempts = of.attempted.mean / Math.max(1, of.users.mean);
    const again = attempts > 1.05 ? `, and they come again, ${attempts.toFixed(1)} attempts each` : "";
    return [
      `The queue is longer than "${workload.name}" wait: accept() comes after up to ${formatMs(waitMs)} (p99), they leave after ${formatSeconds(workload.response_timeout_s)}${again}: the application works for those who have left.`,
    ];
  });
}

function neverWords({ tried, besides, quest: { path } }: Yield, { best: { value, judged } }: Found<Tried>): string[] {
  const [first, last] = [tried[0]?.value ?? value, tried.at(-1)?.value ?? value];
  const binding = bindingOf(judged.of);
  return [
    `No value of ${path} is enough, of ${tried.length} from ${formatNumber(first)} to ${formatNumber(last)}. At best, with ${formatNumber(value)}: ${measuredText(failing(judged))}.`,
    ...verdictOn(judged.of).sentences,
    ...besides.map((one) => besidesWords(one, value)),
    ...(besides.length === 0 && binding !== null
      ? [`Nothing else was tried: no setting of these hosts moves the gate "${GATES[binding.gate].title}".`]
      : []),
  ];
}

function besidesWords({ changes, measured, holds }: Besides, value: number): string {
  const settings = changes.map((change) => `${change.path} = ${change.value}`).join(", ");
  return `With ${formatNumber(value)} and ${settings}: ${holds ? "enough" : "not enough"}, ${measuredText(holds ? measured : measured.filter((one) => !one.holds))}.`;
}
