/**
 * Access: who may ask for what, before anything of a request is read.
 *
 * Tokens      Bearer tokens (RFC 6750), compared in a time that tells nothing. Needed as soon as the daemon listens beyond loopback.
 * Host        On loopback every page in a browser of the machine can send requests here; by a name of its own that points to 127.0.0.1 it could
 *             read the answers too. So only names that are known are answered, and what changes something must not come from another page.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { DaemonConfig } from "../index.ts";

export type Access = "open" | "read" | "write";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9640`, `[::1]:9640`, `:9640` (all addresses); null: none of these. */
export function parseListen(listen: string): ListenAddress | null {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(listen) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return null;
  if (bracketed !== undefined && isIP(bracketed) !== 6) return null;
  return { host: bracketed ?? (plain === "" ? "0.0.0.0" : (plain as string)), port };
}

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/** What of a request access depends on. */
export interface Asking {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

export interface Refused {
  readonly status: 401 | 403 | 421;
  readonly code: "no-token" | "wrong-token" | "read-only-token" | "unknown-host" | "other-origin";
  readonly message: string;
}

export class Gatekeeper {
  readonly #read: readonly Buffer[];
  readonly #write: readonly Buffer[];
  readonly #names: ReadonlySet<string>;
  readonly #checksHost: boolean;

  constructor({ tokens, allowed_hosts }: Pick<DaemonConfig, "tokens" | "allowed_hosts">, listen: ListenAddress) {
    this.#read = tokens.read.map(digest);
    this.#write = tokens.write.map(digest);
    this.#names = new Set(["localhost", "127.0.0.1", "[::1]", ...allowed_hosts.map((name) => name.toLowerCase())]);
    this.#checksHost = isLoopback(listen.host) || allowed_hosts.length > 0;
  }

  get hasTokens(): boolean {
    return this.#read.length + this.#write.length > 0;
  }

  /** null: go on. */
  refusal(asking: Asking, access: Access): Refused | null {
    const { host = "", origin } = asking;
    if (this.#checksHost && !this.#names.has(nameOf(host)))
      return refused(421, "unknown-host", "this name is not one of the daemon's: add it to allowed_hosts");
    if (access === "write" && origin !== undefined && hostOf(origin) !== host.toLowerCase())
      return refused(403, "other-origin", "a page of another origin must not change anything here");
    return access === "open" || !this.hasTokens ? null : this.#tokenRefusal(asking.authorization, access);
  }

  #tokenRefusal(authorization: string | undefined, access: "read" | "write"): Refused | null {
    const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) return refused(401, "no-token", "a bearer token is needed");
    const given = digest(token);
    if (isAmong(given, this.#write)) return null;
    if (!isAmong(given, this.#read)) return refused(401, "wrong-token", "this token is not known");
    return access === "read" ? null : refused(403, "read-only-token", "this token may only read");
  }
}

const refused = (status: Refused["status"], code: Refused["code"], message: string): Refused => ({
  status,
  code,
  message,
});

/** Of one length, so that comparing takes one time. */
const digest = (token: string): Buffer => createHash("sha256").update(token).digest();

/** All are compared, wherever the first match is. */
function isAmong(given: Buffer, tokens: readonly Buffer[]): boolean {
  let found = false;
  for (const token of tokens) found = timingSafeEqual(given, token) || found;
  return found;
}

/** Without the port. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, "");

const hostOf = (origin: string): string => origin.toLowerCase().replace(/^[a-z]+:\/\//, "");
