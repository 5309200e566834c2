/** What a plan comes to, in sentences: what ends it, how near the tuning is, whether it is monotone there; or why no value is enough. */
import { formatCount } from "../base/units.ts";
import { bindingOf, verdictOn, whatBinds } from "../results/blame.ts";
import { formatRatio } from "../results/summary-table.ts";
import { GATES } from "../vocabulary/gates.ts";
import type { Measured } from "./judge.ts";
import type { Besides, Tried, Yield } from "./plan.ts";
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

function answerWords({ quest: { goal }, own }: Yield, { answer, before }: Found<Tried>): string[] {
  if (answer === null) return [];
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
    const { of } = before.judged;
    sentences.push(
      `With ${formatNumber(before.value)} no more: ${measuredText(failing(before.judged))}. ${whatBinds(of, bindingOf(of))}`,
    );
  }
  return own === null ? sentences : [...sentences, ownWords(own, value, isMin)];
}

/** Headroom: how the tuning's own value stands to the answer. */
function ownWords(own: number, value: number, isMin: boolean): string {
  const [room, need] = isMin ? [own, value] : [value, own];
  if (own === value) return `It is what the tuning has now: no headroom.`;
  if (need <= 0 || room < 0) return `The tuning has ${formatNumber(own)} now.`;
  const ratio = room / need;
  if (ratio < 1 && isMin) return `The tuning has ${formatNumber(own)} now: ${formatRatio(ratio)} of what it needs.`;
  if (ratio < 1) return `The tuning has ${formatNumber(own)} now: ${(1 / ratio).toFixed(1)} times what it takes.`;
  return `The tuning has ${formatNumber(own)} now: headroom of ${formatRatio(ratio - 1)}.`;
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
  if (bad === good && good !== null) return ["Each seed's clients agree on that, as far as 95 % intervals tell."];
  const parts = [
    bad === null ? "no value is sure to fail" : `${sides[0]} ${formatNumber(bad)} it is sure to fail`,
    good === null ? "none is sure to hold" : `${sides[1]} ${formatNumber(good)} it is sure to hold`,
  ];
  return [`By 95 % intervals over the seeds ${parts.join(", ")}; between, chance decides.`];
}

function monotoneWords({ tried, quest: { goal } }: Yield, found: Found<Tried>): string[] {
  const { answer, again, interval } = found;
  if (answer === null) return [];
  const isMin = goal === "min";
  const beyond = tried.filter(({ value }) => (isMin ? value > answer.value : value < answer.value));
  const short = tried.filter(({ value }) => (isMin ? value < answer.value : value > answer.value));
  const [larger, smaller] = isMin ? [beyond, short] : [short, beyond];
  if (again === null) {
    if (short.length === 0) return [`All ${formatCount(beyond.length)} other values that were tried hold too.`];
    const side = (values: readonly Tried[], word: string): string =>
      values.length === 0 ? "" : `${values.length === 1 ? "the" : `all ${formatCount(values.length)}`} ${word}`;
    const counts = isMin
      ? [side(smaller, "smaller"), side(larger, "larger")]
      : [side(larger, "larger"), side(smaller, "smaller")];
    return [
      `Of the values tried ${counts[0]} fail${counts[1] === "" ? "" : ` and ${counts[1]} hold`}: it is monotone as far as that shows.`,
    ];
  }
  const failed = beyond.filter(({ holds }) => !holds);
  const isChance = failed.every(({ value }) => isWithin(value, interval));
  if (isChance)
    return [
      `Of the values tried beyond it ${failed.map(({ value }) => formatNumber(value)).join(", ")} fail, within the interval: chance.`,
    ];
  const farthest = (isMin ? failed.at(-1) : failed[0]) as Tried;
  return [
    `It is not monotone: ${isMin ? "from" : "down from"} ${formatNumber(again.failsFrom.value)} on it fails again (${formatNumber(again.holdsTo.value)} holds).`,
    `With ${formatNumber(farthest.value)}: ${measuredText(failing(farthest))}. ${verdictOn(farthest.of).sentences.join(" ")}`,
  ];
}

const isWithin = (value: number, [low, high]: readonly [number | null, number | null]): boolean =>
  value >= (low ?? Number.NEGATIVE_INFINITY) && value <= (high ?? Number.POSITIVE_INFINITY);

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
