/**
 * Unseen: what happens at a host and no kernel has a counter for. The model sees it, because it knows whose segment each one is.
 *
 * Used by   RunView reads it from verdicts; summaries, tables, metrics and sentences have it by these names.
 */
export interface UnseenDef {
  readonly title: string;
  readonly unit: string;
  readonly help: string;
}

export const UNSEEN = {
  stale_data_accepted: {
    title: "old data taken in as new",
    unit: "segments",
    help: "Segments with data or a FIN of an earlier connection with the same addresses and ports that a socket took in as its own.",
  },
  late_fins_reset: {
    title: "FINs answered by RST",
    unit: "segments",
    help: "FINs of a connection that nobody knew any more.",
  },
  unwanted_connections: {
    title: "connections nobody wanted",
    unit: "connections",
    help: "Established at the server (two-way handshake) while no client ever was.",
  },
} as const satisfies Record<string, UnseenDef>;

export type UnseenName = keyof typeof UNSEEN;
export const UNSEEN_NAMES = Object.keys(UNSEEN) as UnseenName[];
