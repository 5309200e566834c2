/** Picture: a dashboard with its real answers, as plain data for the page that draws it where there is no Grafana. */
export interface PictureLine {
  readonly name: string;
  readonly colour: string;
  readonly isLimit: boolean;
  /** One for each time; null: nothing. */
  readonly values: readonly (number | null)[];
}

export interface PictureBar {
  readonly name: string;
  readonly colour: string;
  readonly value: number;
}

export interface PictureTable {
  readonly kind: "table";
  /** The first is the head. */
  readonly rows: readonly (readonly string[])[];
  /** [row below the head][column after the first]; absent: cells have no colours. */
  readonly colours?: readonly (readonly (string | null)[])[];
}

export type PictureBody =
  | {
      readonly kind: "lines";
      readonly isStacked: boolean;
      readonly lines: readonly PictureLine[];
      readonly max: number | null;
    }
  | { readonly kind: "number"; readonly text: string; readonly colour: string }
  | { readonly kind: "bars"; readonly bars: readonly PictureBar[] }
  /** `counts[bucket][time]`. */
  | { readonly kind: "heat"; readonly bounds: readonly string[]; readonly counts: readonly (readonly number[])[] }
  | PictureTable
  | { readonly kind: "row" }
  | { readonly kind: "text"; readonly markdown: string };

export interface PicturePanel {
  readonly title: string;
  readonly unit: string;
  /** In Grafana's grid of 24 columns. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly body: PictureBody;
}

export interface Picture {
  readonly title: string;
  readonly isDark: boolean;
  /** Unix times of all lines. */
  readonly times: readonly number[];
  /** Unix times of changes of the load. */
  readonly marks: readonly number[];
  readonly panels: readonly PicturePanel[];
}
