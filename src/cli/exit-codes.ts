/** Exit codes, the same for every command. */
export const ExitCode = {
  Ok: 0,
  /** The command line itself is wrong. */
  Usage: 2,
  /** A threshold of an experiment failed. */
  ThresholdFailed: 99,
  /** A file that describes what to do is wrong or cannot be read. */
  InvalidConfig: 104,
  Interrupted: 105,
  /** A daemon did not answer, or did not do what it was asked. */
  DaemonRefused: 106,
  /** A fault of the program. */
  Internal: 107,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
