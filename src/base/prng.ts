/**
 * Sequential random numbers, for arrival times only.
 *
 * Purpose     sfc32 (Chris Doty-Humphrey, PractRand) with a ziggurat for exponentials (Marsaglia & Tsang 2000) and exact Poisson counts.
 * Invariants  The same bits on any machine: only + - * / and sqrt, and own `ln` and `exp` (those of JavaScript engines differ in the last bit).
 *             State is four int32 in an Int32Array, so that a hot loop can keep it in locals and put it back.
 */

const HIGH_LOW = new Int32Array(2);
const AS_FLOAT = new Float64Array(HIGH_LOW.buffer);
const LN2 = Math.LN2;
const INVERSE_LN2 = 1 / LN2;

/** 1/k for the odd k of the logarithm's series, 1/n! for the exponential's. */
const ODD_INVERSES = Float64Array.from({ length: 12 }, (_, i) => 1 / (2 * i + 1));
const FACTORIAL_INVERSES = new Float64Array(15);
FACTORIAL_INVERSES[0] = 1;
for (let n = 1; n < FACTORIAL_INVERSES.length; n++) FACTORIAL_INVERSES[n] = (FACTORIAL_INVERSES[n - 1] as number) / n;

/** Natural logarithm of a positive, normal number. */
export function ln(x: number): number {
  AS_FLOAT[0] = x;
  const high = HIGH_LOW[1] as number;
  let exponent = ((high >>> 20) & 0x7ff) - 1023;
  HIGH_LOW[1] = (high & 0xfffff) | 0x3ff00000;
  let m = AS_FLOAT[0] as number;
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum = 0;
  for (let i = ODD_INVERSES.length - 1; i >= 0; i--) sum = sum * z + (ODD_INVERSES[i] as number);
  return exponent * LN2 + 2 * s * sum;
}

/** e^x for -700 < x < 700. */
export function exp(x: number): number {
  const k = Math.round(x * INVERSE_LN2);
  const r = x - k * LN2;
  let sum = 0;
  for (let n = FACTORIAL_INVERSES.length - 1; n >= 0; n--) sum = sum * r + (FACTORIAL_INVERSES[n] as number);
  HIGH_LOW[0] = 0;
  HIGH_LOW[1] = (k + 1023) << 20;
  return sum * (AS_FLOAT[0] as number);
}

/** Ziggurat of 256 layers for exp(-x): a draw is 24 bits of magnitude and 8 bits of layer, taken from one 32-bit number. */
const LAYERS = 256;
const TAIL_START = 7.69711747013105;
const LAYER_AREA = 3.949659822581572e-3;
const MAGNITUDES = 2 ** 24;
/** Magnitudes below this are accepted at once. */
export const ZIGGURAT_ACCEPT = new Int32Array(LAYERS);
/** Width of one magnitude. */
export const ZIGGURAT_WIDTH = new Float64Array(LAYERS);
const HEIGHT = new Float64Array(LAYERS);
/** Magnitudes of a layer beyond the layer above it, with their fraction. */
const OVERHANG = new Float64Array(LAYERS);
/** How far the curve hangs below the chord over a layer's overhang, at most: f''/8 times the width squared; and some for rounding. */
const SAG = new Float64Array(LAYERS);
const ROUNDING = 1e-9;

function buildZiggurat(): void {
  let right = TAIL_START;
  let outer = TAIL_START;
  const base = LAYER_AREA / exp(-right);
  ZIGGURAT_ACCEPT[0] = (right / base) * MAGNITUDES;
  ZIGGURAT_ACCEPT[1] = 0;
  ZIGGURAT_WIDTH[0] = base / MAGNITUDES;
  ZIGGURAT_WIDTH[LAYERS - 1] = right / MAGNITUDES;
  HEIGHT[0] = 1;
  HEIGHT[LAYERS - 1] = exp(-right);
  for (let i = LAYERS - 2; i >= 1; i--) {
    right = -ln(LAYER_AREA / right + exp(-right));
    ZIGGURAT_ACCEPT[i + 1] = (right / outer) * MAGNITUDES;
    outer = right;
    HEIGHT[i] = exp(-right);
    ZIGGURAT_WIDTH[i] = right / MAGNITUDES;
  }
  for (let i = 1; i < LAYERS; i++) {
    const width = ZIGGURAT_WIDTH[i] as number;
    const above = HEIGHT[i - 1] as number;
    const inner = i === 1 ? 0 : (ZIGGURAT_WIDTH[i - 1] as number) * MAGNITUDES;
    const overhang = MAGNITUDES - inner / width;
    OVERHANG[i] = overhang;
    SAG[i] = (above * (width * overhang) ** 2) / 8 + ROUNDING * (above - (HEIGHT[i] as number));
  }
}
buildZiggurat();

/**
 * Whether a point over a ziggurat's layer, `share` (0..1) of the way up to the layer above, is below exp(-x). As the curve is convex, it lies
 * between the chord over the overhang and what hangs below it by SAG: only between the two it has to be computed.
 */
export function isBelowCurve(layer: number, magnitude: number, share: number): boolean {
  const low = HEIGHT[layer] as number;
  const rise = (HEIGHT[layer - 1] as number) - low;
  const y = low + share * rise;
  const chord = low + (rise * (MAGNITUDES - magnitude)) / (OVERHANG[layer] as number);
  if (y >= chord + ROUNDING * rise) return false;
  return y < chord - (SAG[layer] as number) || y < exp(-magnitude * (ZIGGURAT_WIDTH[layer] as number));
}

/** Seeds four words of state from one int32. */
export function seedState(state: Int32Array, seed: number): void {
  state[0] = seed;
  state[1] = seed ^ 0x9e3779b9;
  state[2] = Math.imul(seed, 0x85ebca6b) + 0x6a09e667;
  state[3] = 1;
  for (let i = 0; i < 15; i++) nextInt(state);
}

/** Next 32 bits, as int32. */
export function nextInt(state: Int32Array): number {
  const a = state[0] as number;
  const b = state[1] as number;
  const c = state[2] as number;
  const counter = state[3] as number;
  const out = (((a + b) | 0) + counter) | 0;
  state[3] = (counter + 1) | 0;
  state[0] = b ^ (b >>> 9);
  state[1] = (c + (c << 3)) | 0;
  state[2] = (((c << 21) | (c >>> 11)) + out) | 0;
  return out;
}

/** Uniform in (0, 1). */
export function nextUnit(state: Int32Array): number {
  return ((nextInt(state) >>> 0) + 0.5) * 2.3283064365386963e-10;
}

/** Where `exponentialRest` leaves its draw: a float64 that a function returns is boxed. */
export const EXPONENTIAL = new Float64Array(1);

/** The rest of an exponential draw whose first 32 bits were not accepted at once; the draw is then in EXPONENTIAL[0]. */
export function exponentialRest(state: Int32Array, bits: number): void {
  let layer = bits & 255;
  let magnitude = bits >>> 8;
  for (;;) {
    if (layer === 0) {
      EXPONENTIAL[0] = TAIL_START - ln(nextUnit(state));
      return;
    }
    EXPONENTIAL[0] = magnitude * (ZIGGURAT_WIDTH[layer] as number);
    if (isBelowCurve(layer, magnitude, nextUnit(state))) return;
    const next = nextInt(state);
    layer = next & 255;
    magnitude = next >>> 8;
    EXPONENTIAL[0] = magnitude * (ZIGGURAT_WIDTH[layer] as number);
    if (magnitude < (ZIGGURAT_ACCEPT[layer] as number)) return;
  }
}

/** Draws an exponential with mean 1 into EXPONENTIAL[0]: as an answer V8 would box it. */
export function drawExponential(state: Int32Array): void {
  const bits = nextInt(state);
  const layer = bits & 255;
  const magnitude = bits >>> 8;
  if (magnitude < (ZIGGURAT_ACCEPT[layer] as number)) EXPONENTIAL[0] = magnitude * (ZIGGURAT_WIDTH[layer] as number);
  else exponentialRest(state, bits);
}

/** Exponential with mean 1. */
export function nextExponential(state: Int32Array): number {
  drawExponential(state);
  return EXPONENTIAL[0] as number;
}

/** ln(n!) for whole n: exact sum below 8, Stirling's series above. */
function lnFactorial(n: number): number {
  if (n < 8) {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += ln(i);
    return sum;
  }
  const x = n + 1;
  const r = 1 / (x * x);
  return (x - 0.5) * ln(x) - x + 0.9189385332046727 + (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / x;
}

/** Exact Poisson count with mean `mean` >= 0: sum of exponentials when small, PTRS (Hörmann 1993) from 12 on. */
export function nextPoisson(state: Int32Array, mean: number): number {
  if (mean < 12) {
    let n = 0;
    for (let sum = nextExponential(state); sum <= mean; sum += nextExponential(state)) n++;
    return n;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const acceptBelow = 0.9277 - 3.6224 / (b - 2);
  const lnMean = ln(mean);
  for (;;) {
    const u = nextUnit(state) - 0.5;
    const v = nextUnit(state);
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= acceptBelow) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (ln(v) + ln(inverseAlpha) - ln(a / (us * us) + b) <= -mean + k * lnMean - lnFactorial(k)) return k;
  }
}
