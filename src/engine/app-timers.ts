/**
 * Kinds of application timers (AppHeap).
 */
export const AppTimer = {
  /** subject = listener. */
  ListenStart: 0,
  ListenStop: 1,
  PauseEnd: 2,
  AcceptTick: 3,
  ServiceDone: 4,
  /** subject = socket, value = its serial number. */
  ServerClose: 5,
  /** subject = attempt. */
  ConnectTimeout: 6,
  ResponseTimeout: 7,
  Hold: 8,
  EofHold: 9,
} as const;
