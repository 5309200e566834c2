/**
 * Goal    Colours tell apart what they stand for: on light and dark panels, and for people with colour blindness.
 * Method  Contrast by WCAG 2; distance in CIELAB, of the colours as they are and as Machado et al. (2009) simulate full protanopia and deuteranopia.
 */
import { describe, expect, test } from "vitest";
import {
  ACCEPT_QUEUE,
  AGE_COLOURS,
  ANNOTATION,
  BAD,
  FREQUENT_GATES,
  GATE_COLOURS,
  GOOD,
  LIMIT,
  MEASURES,
  STATE_COLOURS,
  SYN_QUEUE,
  TUNING_COLOURS,
  WARN,
} from "../../src/dashboards/palette.ts";
import { GATE_NAMES, GATES } from "../../src/vocabulary/gates.ts";
import { dashboards, dataPanels } from "./files.ts";

type Triple = readonly [number, number, number];

const linear = (hex: string): Triple => {
  const part = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
};

const times = (rows: readonly Triple[], [r, g, b]: Triple): Triple =>
  rows.map(([x, y, z]) => x * r + y * g + z * b) as unknown as Triple;

/** Simulated sight, on linear RGB. */
const SIGHTS: Readonly<Record<string, readonly Triple[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

function lab(rgb: Triple): Triple {
  const [x, y, z] = times(
    [
      [0.4124, 0.3576, 0.1805],
      [0.2126, 0.7152, 0.0722],
      [0.0193, 0.1192, 0.9505],
    ],
    rgb.map((part) => Math.min(1, Math.max(0, part))) as unknown as Triple,
  );
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [fx, fy, fz] = [f(x / 0.9505), f(y), f(z / 1.089)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

const distance = (a: string, b: string, sight: readonly Triple[]): number => {
  const [one, other] = [a, b].map((hex) => lab(times(sight, linear(hex)))) as [Triple, Triple];
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
};

const luminance = (hex: string): number => times([[0.2126, 0.7152, 0.0722]], linear(hex))[0];
const contrast = (a: string, b: string): number => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};

/** Grafana's panels. */
const BACKGROUNDS = { light: "#ffffff", dark: "#181b1f" } as const;
/** Thin lines have to be seen, not read. */
const LEAST_CONTRAST = 1.9;
/** Two colours of one panel; some 2 are just seen beside each other. */
const LEAST_APART = 9;

test("every gate has a colour of its own, no two gates the same", () => {
  expect(Object.keys(GATE_COLOURS)).toEqual(GATE_NAMES);
  expect(new Set(Object.values(GATE_COLOURS)).size).toBe(GATE_NAMES.length);
});

const together: readonly (readonly [string, readonly string[]])[] = [
  ["tunings", TUNING_COLOURS],
  ["gates that bind together", FREQUENT_GATES.map((gate) => GATE_COLOURS[gate])],
  ["good, warning, bad", [GOOD, WARN, BAD]],
  ["measures", MEASURES],
  ["the two queues", [SYN_QUEUE, ACCEPT_QUEUE]],
  [
    "frequent states",
    ["syn_recv", "established", "time_wait", "close_wait", "syn_sent"].map((state) => STATE_COLOURS[state] ?? ""),
  ],
];
for (const [what, colours] of together) {
  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    test(`${what} stay apart with ${sight === "normal" ? "normal sight" : sight}`, () => {
      const near: string[] = [];
      colours.forEach((one, index) => {
        for (const other of colours.slice(index + 1)) {
          const apart = distance(one, other, matrix);
          if (!(apart >= LEAST_APART)) near.push(`${one} ${other}: ${apart.toFixed(1)}`);
        }
      });
      expect(near).toEqual([]);
    });
  }
}

const every = [
  ...Object.values(GATE_COLOURS),
  ...TUNING_COLOURS,
  ...Object.values(STATE_COLOURS),
  ...AGE_COLOURS,
  ...MEASURES,
  ...[GOOD, WARN, BAD, LIMIT, SYN_QUEUE, ACCEPT_QUEUE, ANNOTATION],
];

describe.each(Object.entries(BACKGROUNDS))("on a %s panel", (_name, background) => {
  test("every colour stands out", () => {
    expect(every.filter((colour) => contrast(colour, background) < LEAST_CONTRAST)).toEqual([]);
  });
});

test("the instrument knows a pair that protanopes confuse", () => {
  expect(distance("#c00000", "#5c4a00", SIGHTS.normal ?? [])).toBeGreaterThan(30);
  expect(distance("#c00000", "#5c4a00", SIGHTS.protanopia ?? [])).toBeLessThan(25);
});

test("dashboards use no other colours", () => {
  const known = new Set<string>(every);
  for (const dashboard of dashboards())
    for (const { title, fieldConfig } of dataPanels(dashboard))
      for (const colour of JSON.stringify(fieldConfig).match(/#[0-9a-f]{6}/gi) ?? [])
        expect(known.has(colour), `${dashboard.title}: ${title}: ${colour}`).toBe(true);
});

test("a gate has one colour throughout", () => {
  for (const dashboard of dashboards())
    for (const { title, fieldConfig } of dataPanels(dashboard))
      for (const { matcher, properties } of fieldConfig?.overrides ?? []) {
        // A state may have a gate's name, but not its title.
        const gate = GATE_NAMES.find(
          (name) => name === matcher.options && properties.some(({ value }) => value === GATES[name].title),
        );
        if (gate === undefined) continue;
        expect(properties[0]?.value, `${dashboard.title}: ${title}`).toMatchObject({ fixedColor: GATE_COLOURS[gate] });
      }
});
