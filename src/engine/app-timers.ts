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
  /** A worker is done with a request. */
  Served: 6,
  /** The socket was readable in a pause. */
  ServerRead: 7,
  /** subject = listener. */
  AppPauseEnd: 8,
  /** subject = attempt. */
  ConnectTimeout: 9,
  /** value = number of the request. */
  ResponseTimeout: 10,
  Hold: 11,
  EofHold: 12,
  NextRequest: 13,
  /** subject = user (users.ts). */
  Retry: 14,
  /** The client host crashes; no subject. */
  Crash: 15,
} as const;
