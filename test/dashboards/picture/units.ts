/** Numbers as Grafana writes them, nearly. */
const DIGITS = 3;

const scaled = (value: number, steps: readonly (readonly [number, string])[]): string => {
  const [size, unit] = steps.find(([least]) => Math.abs(value) >= least) ?? steps.at(-1) ?? [1, ""];
  return `${trimmed(value / size)}${unit}`;
};
const trimmed = (value: number): string => String(Number(value.toPrecision(DIGITS)));

const SHORT = [
  [1e9, " Bil"],
  [1e6, " Mil"],
  [1e3, " K"],
  [1, ""],
] as const;
const BYTES = [
  [2 ** 30, " GiB"],
  [2 ** 20, " MiB"],
  [2 ** 10, " KiB"],
  [1, " B"],
] as const;
const SECONDS = [
  [60, " min"],
  [1, " s"],
  [1e-3, " ms"],
] as const;

export function textOf(value: number, unit: string): string {
  if (Number.isNaN(value)) return "–";
  switch (unit) {
    case "percentunit":
      return `${trimmed(value * 100)}%`;
    case "s":
      return value === 0
        ? "0 s"
        : unit === "s" && Math.abs(value) >= 60
          ? scaled(value / 60, [[1, " min"]])
          : scaled(value, SECONDS);
    case "bytes":
      return scaled(value, BYTES);
    case "bps":
      return `${scaled(value, SHORT)}b/s`;
    case "pps":
      return `${scaled(value, SHORT)} p/s`;
    case "cps":
      return `${scaled(value, SHORT)} c/s`;
    case "reqps":
      return `${scaled(value, SHORT)} req/s`;
    case "dateTimeAsLocal":
      return new Date(value).toISOString().slice(0, 19).replace("T", " ");
    default:
      return scaled(value, SHORT);
  }
}
