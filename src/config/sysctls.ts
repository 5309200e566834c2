/**
 * Sysctl values: what a scenario may set, checked against tunables.ts and brought into one form.
 *
 * Forms   int and enum: a number. range: "40000 40099" (also [40000, 40099]). list: "8080,9000-9010" (also one port, or a list).
 */
import { nearest } from "../base/nearest.ts";
import { formatCount } from "../base/units.ts";
import type { KernelName } from "../vocabulary/kernels.ts";
import {
  defaultFor,
  isTunable,
  TUNABLE_NAMES,
  TUNABLES,
  type TunableDef,
  type TunableName,
  type TunableType,
  type TunableValue,
} from "../vocabulary/tunables.ts";
import type { Path } from "./document.ts";
import { describe, numberHint } from "./fields.ts";
import type { PathIssue } from "./zod-issues.ts";

/** More than the table has, so that unknown ones are still named one by one. */
const MAX_SYSCTLS = 256;

export interface CheckedSysctls {
  readonly values: { readonly [K in TunableName]?: TunableValue };
  readonly issues: readonly PathIssue[];
}

export function checkSysctls(raw: Readonly<Record<string, unknown>>, kernel: KernelName, path: Path): CheckedSysctls {
  const values: { [K in TunableName]?: TunableValue } = {};
  const issues: PathIssue[] = [];
  const entries = Object.entries(raw);
  if (entries.length > MAX_SYSCTLS) {
    const message = `found ${entries.length} sysctls, at most ${MAX_SYSCTLS} are allowed`;
    issues.push({ code: "too-many", path, message });
  }
  for (const [name, given] of entries.slice(0, MAX_SYSCTLS)) {
    const at = [...path, name];
    if (!isTunable(name)) {
      issues.push(unknownSysctl(name, at));
      continue;
    }
    const def: TunableDef = TUNABLES[name];
    const parsed = parseValue(def.type, given);
    if (typeof parsed === "object") {
      issues.push({ ...parsed, path: at });
      continue;
    }
    values[name] = parsed;
    issues.push(...judge(def, parsed, defaultFor(name, kernel), kernel).map((issue) => ({ ...issue, path: at })));
  }
  return { values, issues };
}

type Fault = Omit<PathIssue, "path">;

function unknownSysctl(name: string, path: Path): PathIssue {
  const withNet = `net.${name}`;
  const meant = isTunable(withNet) ? withNet : nearest(name.replaceAll("/", "."), TUNABLE_NAMES);
  const message = "found a sysctl that is not known to matter to the accept path";
  return { code: "unknown-sysctl", path, message, ...(meant && { hint: `did you mean ${meant}?` }), atKey: true };
}

/** What the engine, or the kernel, would do with the value. */
function judge(def: TunableDef, value: TunableValue, byDefault: TunableValue | null, kernel: KernelName): Fault[] {
  if (byDefault === null) {
    const removed = def.removedIn === undefined ? "" : `: it was removed in ${def.removedIn}`;
    return [
      { code: "absent-sysctl", message: `found a sysctl that kernel ${kernel} does not have${removed}`, atKey: true },
    ];
  }
  if (def.modelled === "without effect") {
    return [{ code: "without-effect", message: `found ${describe(value)}, which changes nothing in the model` }];
  }
  if (def.modelled === true || value === byDefault) return [];
  const values = def.modelled === false ? [byDefault] : def.modelled;
  if (values.includes(value)) return [];
  const allowed = values.map(describe).join(" or ");
  return [{ code: "not-modelled", message: `found ${describe(value)}, only ${allowed} is modelled yet` }];
}

function parseValue(type: TunableType, given: unknown): TunableValue | Fault {
  switch (type.kind) {
    case "int":
    case "enum":
      return parseInteger(type, given);
    case "range":
      return parseRange(type, given);
    case "list":
      return parseList(type, given);
    case "text":
      return typeof given === "string" || typeof given === "number"
        ? String(given).slice(0, 200)
        : { code: "wrong-type", message: `found ${describe(given)}, allowed is text (${type.unit})` };
  }
}

/** An element as text; what is neither number nor text becomes something that no rule takes. */
const plain = (element: unknown): string =>
  typeof element === "number" || typeof element === "string" ? String(element) : "?";

const rangeText = ({ min, max }: { min: number; max: number }): string =>
  `from ${formatCount(min)} to ${formatCount(max)}`;

function parseInteger(type: TunableType & { kind: "int" | "enum" }, given: unknown): number | Fault {
  const message = `found ${describe(given)}, allowed is a whole number (${type.unit}) ${rangeText(type)}`;
  if (typeof given !== "number" || !Number.isInteger(given)) {
    const hint = numberHint(given);
    return { code: "wrong-type", message, ...(hint !== undefined && { hint }) };
  }
  return given < type.min || given > type.max ? { code: "out-of-range", message } : given;
}

function parseRange(type: TunableType & { kind: "range" }, given: unknown): string | Fault {
  const allowed = `two ports, lowest and highest, ${rangeText(type)}`;
  const parts = Array.isArray(given) ? given.map(plain) : typeof given === "string" ? given.trim().split(/\s+/) : [];
  const [low = "", high = ""] = parts;
  if (parts.length !== 2 || !/^\d{1,9}$/.test(low) || !/^\d{1,9}$/.test(high)) {
    const hint = 'for example "32768 60999"';
    return { code: "wrong-type", message: `found ${describe(given)}, allowed is ${allowed}`, hint };
  }
  const outside = Number(low) < type.min || Number(high) > type.max || Number(low) > Number(high);
  if (outside) return { code: "out-of-range", message: `found ${low} to ${high}, allowed is ${allowed}` };
  return `${Number(low)} ${Number(high)}`;
}

function parseList(type: TunableType & { kind: "list" }, given: unknown): string | Fault {
  const allowed = `ports and ranges of ports ${rangeText(type)}, such as "8080,9000-9010"`;
  const items = Array.isArray(given) ? given.map(plain) : plain(given ?? "").split(",");
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    return { code: "wrong-type", message: `found a map, allowed is ${allowed}` };
  }
  const parts: string[] = [];
  for (const item of items.map((part) => part.trim())) {
    if (item === "") continue;
    const [, low = "", high = low] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(item) ?? [];
    if (low === "") return { code: "wrong-type", message: `found ${describe(item)}, allowed is ${allowed}` };
    const outside = Number(low) < type.min || Number(high) > type.max || Number(low) > Number(high);
    if (outside) return { code: "out-of-range", message: `found ${describe(item)}, allowed is ${allowed}` };
    parts.push(low === high ? String(Number(low)) : `${Number(low)}-${Number(high)}`);
  }
  return parts.join(",");
}
