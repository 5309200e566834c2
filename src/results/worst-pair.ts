/** The worst address pair of a tuning: where local ports run out first. */
import type { RunView } from "./run-view.ts";
import type { WorstPairSummary } from "./summary-format.ts";
import { measureOf, type TuningRuns } from "./tuning-runs.ts";

export function worstPairOf(runs: TuningRuns): WorstPairSummary | null {
  const worst = runs.seeds.map((hosts) => hosts.reduce((a, b) => (isWorse(b, a) ? b : a)));
  const [first] = worst;
  if (first === undefined || first.worstPair("port") === 0) return null;
  const { portLow, portHigh, reservedPorts } = first.spec.client;
  return {
    address: addressText(first.worstPair("address")),
    port: first.worstPair("port"),
    usable_ports: portHigh - portLow + 1 - reservedPorts.length,
    ports_peak: measureOf(worst.map((view) => view.worstPair("peak"))),
    without_port: measureOf(worst.map((view) => view.worstPair("refused"))),
  };
}

/** From this share of the usable ports on a pair is worth a word. */
const SHORT_OF_PORTS = 0.8;
export const isNearlyOut = ({ ports_peak, usable_ports, without_port }: WorstPairSummary): boolean =>
  without_port.most > 0 || ports_peak.most >= SHORT_OF_PORTS * usable_ports;

const isWorse = (a: RunView, b: RunView): boolean =>
  a.worstPair("refused") === b.worstPair("refused")
    ? a.worstPair("peak") > b.worstPair("peak")
    : a.worstPair("refused") > b.worstPair("refused");

const addressText = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
