/** Text limits: how large a text, and what is in it, may be. Apart from the parser, which not every thread needs. */

/** Characters: the largest scenario, a thousand listeners and 256 workloads with each key set, has a tenth of it. */
export const MAX_CHARACTERS = 4 * 1024 * 1024;
/** Levels of lists and maps; a scenario has six. */
export const MAX_DEPTH = 32;
