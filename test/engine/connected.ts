/** A server's child that was accepted and has carried no data; its peer is 20 ms away. */
import { ACK, SYN } from "../../src/engine/layout.ts";
import { type Keys, TestHost, type TestHostOptions } from "./helpers.ts";

export const RTT_S = 0.02;

export interface Connected {
  readonly server: TestHost;
  readonly row: number;
  /** The server's next sequence number; the peer's is 101. */
  readonly next: number;
}

/** `flags`: what the SYN offers. */
export function connected(sysctls: Keys = {}, flags = 0, options: TestHostOptions = {}): Connected {
  const server = new TestHost({ ...options, sysctls });
  const next = (server.syn(40_000, 100, { flags: SYN | flags }) + 1) | 0;
  server.advanceTo(RTT_S);
  server.receive({ flags: ACK, seq: 101, ack: next });
  const row = server.accept();
  server.delta();
  server.sent.length = 0;
  return { server, row, next };
}
