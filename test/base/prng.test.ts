import fc from "fast-check";
import { expect, test } from "vitest";
import { exp, isBelowCurve, ZIGGURAT_ACCEPT, ZIGGURAT_WIDTH } from "../../src/base/prng.ts";

const MAGNITUDES = 2 ** 24;
const LAST = ZIGGURAT_WIDTH.length - 1;
/** exp(-x) at a layer's right edge; of the one below the first, 1. */
const heightOf = (layer: number): number => (layer === 0 ? 1 : exp(-MAGNITUDES * (ZIGGURAT_WIDTH[layer] as number)));

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const layers = fc.integer({ min: 1, max: LAST });

test("a point over a layer's end is below the curve, as computed, wherever the chord says so without computing it", () => {
  const property = fc.property(layers, unit, unit, (layer, along, up) => {
    const accepted = ZIGGURAT_ACCEPT[layer] as number;
    const magnitude = accepted + Math.floor(along * (MAGNITUDES - accepted - 1));
    const low = heightOf(layer);
    const y = low + up * (heightOf(layer - 1) - low);
    expect(isBelowCurve(layer, magnitude, up)).toBe(y < exp(-magnitude * (ZIGGURAT_WIDTH[layer] as number)));
  });
  fc.assert(property, { numRuns: 20_000 });
});

test("a point right at the curve is told from its neighbours", () => {
  const property = fc.property(layers, unit, fc.constantFrom(-1e-9, 1e-9), (layer, along, off) => {
    const accepted = ZIGGURAT_ACCEPT[layer] as number;
    const magnitude = accepted + Math.floor(along * (MAGNITUDES - accepted - 1));
    const low = heightOf(layer);
    const rise = heightOf(layer - 1) - low;
    const onCurve = (exp(-magnitude * (ZIGGURAT_WIDTH[layer] as number)) - low) / rise;
    fc.pre(onCurve + off > 0 && onCurve + off < 1);
    expect(isBelowCurve(layer, magnitude, onCurve + off)).toBe(off < 0);
  });
  fc.assert(property, { numRuns: 5_000 });
});
