/**
 * Units: conversions and formats. Simulated time is in nanoseconds, in a float64: exact up to 2^53 ns, which is 104 days.
 */
export const NS_PER_S = 1_000_000_000;

/** Seconds as written by a user → whole nanoseconds, rounded: 0.3 s is 300 000 000 ns in spite of its binary fraction. */
export const secondsToNs = (seconds: number): number => Math.round(seconds * NS_PER_S);

export const nsToSeconds = (ns: number): number => ns / NS_PER_S;

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** 174592 → "170.5 KiB". One decimal, none for plain bytes. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** 65535 → "65535", 1048576 → "1 048 576": groups of three from six digits on, where counting them begins to be hard. */
export function formatCount(count: number): string {
  return Math.abs(count) < 100_000 ? String(count) : String(count).replace(/\B(?=(\d{3})+(?!\d))/g, " ");
}

/** 0.05 → "50 ms", 63 → "63 s": milliseconds below one second, at most three decimals. */
export function formatSeconds(seconds: number): string {
  if (seconds !== 0 && Math.abs(seconds) < 1) return `${trimDecimals(seconds * 1000)} ms`;
  return `${trimDecimals(seconds)} s`;
}

const trimDecimals = (value: number): string => String(Math.round(value * 1000) / 1000);
