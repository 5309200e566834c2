/**
 * Self-contained: the text of an experiment that names files → one that says what is in them, for a reader that has not got the files.
 *
 * Invariants  What comes out is the same experiment: same tunings in the same order, same scenarios. It is JSON, so places in it are not those of the files; whoever wants those
 *             parses the files first.
 */
import { assert } from "../base/assert.ts";
import { asWritten, folderOf, isMap } from "./as-written.ts";
import { loadDocument } from "./document.ts";
import { AS_IS } from "./experiment.ts";
import { parseTrace, type ReadFile } from "./trace-file.ts";

/** null: it names no files. `text` and all that it names must be without faults. */
export function selfContained(text: string, readFile: ReadFile): string | null {
  let read = 0;
  const textOf = (path: string): string => {
    const file = readFile(path);
    assert(file.ok, "files were read before");
    read++;
    return file.value;
  };
  const written = (source: string, folder?: string): unknown => {
    const document = loadDocument(source);
    assert(document.ok, "texts were read before");
    return asWritten(document.value, folder);
  };
  const raw = written(text);
  if (!isMap(raw)) return null;
  const { profiles = [], scenario, tunings, ...others } = raw;
  const paths = Array.isArray(profiles) ? profiles.map(String) : [];
  const profiled = paths.map((path) => written(textOf(path), folderOf(path)));
  const own = isMap(tunings) && Object.keys(tunings).length > 0 ? tunings : { [AS_IS]: {} };
  const all = [own, ...profiled.map((profile) => (isMap(profile) && isMap(profile.tunings) ? profile.tunings : {}))];
  const inlined = withTraces(
    {
      ...others,
      ...(scenario !== undefined && {
        scenario: typeof scenario === "string" ? written(textOf(scenario), folderOf(scenario)) : scenario,
      }),
      ...(scenario !== undefined && { tunings: Object.assign({}, ...all) }),
    },
    textOf,
  );
  return read === 0 ? null : JSON.stringify(inlined);
}

/** With rates in place of each `trace: FILE`, whether it is a key of a workload or the end of a key path. */
function withTraces(value: unknown, textOf: (path: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => withTraces(element, textOf));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const isTrace = typeof part === "string" && part !== "" && (key === "trace" || key.endsWith(".trace"));
      return [key, isTrace ? parseTrace(textOf(part)).rows : withTraces(part, textOf)];
    }),
  );
}
