/** The committed dashboards, read as Grafana would read them: plain JSON, of which nothing is known but the keys below. */
import { readdirSync, readFileSync } from "node:fs";

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly format?: string;
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
  readonly links?: readonly { readonly url: string }[];
  readonly repeat?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly max?: number;
      readonly decimals?: number;
      readonly noValue?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
      readonly custom?: Readonly<Record<string, unknown>>;
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text: string }>> }[];
    };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly options?: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly { readonly id: string; readonly options: Readonly<Record<string, unknown>> }[];
}

export interface VariableJson {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
  readonly datasource?: { readonly uid: string };
}

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly editable: boolean;
  readonly graphTooltip: number;
  readonly panels: readonly PanelJson[];
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

export const FOLDER = "dashboards";
export const REFERENCE_FILE = "halfopen-reference.json";
export const fileNames = (): string[] => readdirSync(FOLDER).sort();
export const textOf = (file: string): string => readFileSync(`${FOLDER}/${file}`, "utf8");
export const read = (file: string): DashboardJson => JSON.parse(textOf(file)) as DashboardJson;

/** All but the reference, which has no queries. */
export const dashboards = (): DashboardJson[] =>
  fileNames()
    .filter((file) => file !== REFERENCE_FILE)
    .map(read);

/** Panels that draw data. */
export const dataPanels = ({ panels }: DashboardJson): PanelJson[] =>
  panels.filter(({ type }) => type !== "row" && type !== "text");
