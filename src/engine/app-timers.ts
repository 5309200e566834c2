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
  /** subject = CPU of the application: its piece of work may be done. */
  CpuDone: 9,
  /** accept() has had its CPU time: called by a tick, one after the other, by a serial application. */
  Accepted: 10,
  AcceptedNext: 11,
  AcceptedSerial: 12,
  /** subject = socket, value = its serial number: its request has had its CPU time. */
  Computed: 13,
  /** subject = attempt. */
  ConnectTimeout: 14,
  /** value = number of the request. */
  ResponseTimeout: 15,
  Hold: 16,
  EofHold: 17,
  NextRequest: 18,
  /** subject = user (users.ts). */
  Retry: 19,
  /** The client host crashes; no subject. */
  Crash: 20,
} as const;
