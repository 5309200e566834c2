/** What Grafana does before it asks: variables are filled in, and a panel that is repeated asks for each tuning by itself. */
import { type DashboardJson, dataPanels, type PanelJson, type Target } from "../dashboards/files.ts";

export interface Chosen {
  readonly experiment: string;
  readonly tunings: readonly string[];
}

export interface Filling {
  readonly rateInterval: string;
  readonly range: string;
}

/** One query of one panel, as Prometheus is asked it. */
export interface Asked {
  readonly panel: PanelJson;
  readonly target: Target;
  /** Of a panel that is repeated. */
  readonly tuning: string | null;
  readonly query: string;
}

export const fill = (text: string, { experiment }: Chosen, tuning: string, filling: Filling): string =>
  text
    .replaceAll("$__rate_interval", filling.rateInterval)
    .replaceAll("$__range", filling.range)
    .replaceAll("$job", ".+")
    .replaceAll("$instance", ".+")
    .replaceAll("$experiment", experiment)
    .replaceAll("$tuning", tuning);

export function queriesOf(dashboard: DashboardJson, chosen: Chosen, filling: Filling): Asked[] {
  const all = chosen.tunings.join("|");
  return dataPanels(dashboard).flatMap((panel) => {
    const tunings = panel.repeat === "tuning" ? chosen.tunings : [null];
    return tunings.flatMap((tuning) =>
      (panel.targets ?? []).map((target) => ({
        ...{ panel, target, tuning },
        query: fill(target.expr, chosen, tuning ?? all, filling),
      })),
    );
  });
}
