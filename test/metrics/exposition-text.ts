/** A strict reader of what a scrape answers: TYPE and HELP once and first, samples of a family together, no series twice. */
export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  /** `name{labels}` → value. */
  readonly series: Map<string, number>;
}

export function readExposition(body: string): Map<string, ReadFamily> {
  const families = new Map<string, ReadFamily>();
  let current: { name: string; help: string; type: string; series: Map<string, number> } | null = null;
  for (const line of body.split("\n")) {
    if (line === "" || line === "# EOF") continue;
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      if (families.has(name)) throw new Error(`${name} stands in two places`);
      current = { name, help: rest, type: "", series: new Map() };
      families.set(name, current);
    } else if (word === "TYPE") {
      if (current?.name !== name || current.series.size > 0) throw new Error(`the type of ${name} is not at its begin`);
      current.type = rest;
    } else {
      const [, series = "", value = ""] =
        /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)( \S+)?$/.exec(line) ?? [];
      if (series === "" || current === null) throw new Error(`not a sample: ${line}`);
      const bare = series.replace(/\{.*/, "");
      const suffixes = ["", "_total", "_bucket", "_sum", "_count"];
      if (!suffixes.some((suffix) => bare === `${current?.name}${suffix}`))
        throw new Error(`${series} is no sample of ${current.name}`);
      if (current.series.has(series)) throw new Error(`${series} is there twice`);
      current.series.set(series, Number(value));
    }
  }
  return families;
}

/** The one value of a series, whose labels are given in order. */
export function seriesValue(body: string, series: string): number | undefined {
  for (const { series: all } of readExposition(body).values()) if (all.has(series)) return all.get(series);
  return undefined;
}
