/**
 * W0 in npm's simjs: `simjs-flood.js <simulated seconds>`; prints one line of JSON, { wallS, syns, served }.
 *
 * Models  What limit.c does, written as one would with this library: a flood and clients that set timers, half-opens in a Map by their 4-tuple, SYN-ACKs sent
 *         again after 1, 3, 7, 15, 31 s and given up after 63 s, clients' SYNs sent again after 1, 3, 7 s, TIME_WAIT of 60 s.
 */
import { createRequire } from "node:module";

interface Timer {
  done(callback: (...values: never[]) => void, context: unknown, values: readonly unknown[]): Timer;
}
/** What simjs gives to its entities; it has no types. */
interface EntityBase {
  setTimer(seconds: number): Timer;
}
interface Library {
  readonly Entity: new () => EntityBase;
  readonly Sim: new () => { addEntity(entity: unknown): unknown; simulate(seconds: number): void };
  readonly Random: new (seed: number) => { exponential(lambda: number): number; random(): number };
}

// It is made for browsers: all it offers is hung onto the window.
(globalThis as { window?: unknown }).window = globalThis;
createRequire(import.meta.url)("simjs");
const { Sim, Entity, Random } = (globalThis as unknown as { readonly Sim: Library }).Sim;

const [FLOOD_PER_S, CLIENTS_PER_S] = [1e5, 1000];
const [ONE_WAY_S, HOLD_S, TIME_WAIT_S] = [0.01, 0.05, 60];
const [BACKLOG, SYN_ACK_RETRIES, SYN_RETRIES] = [4096, 5, 3];
const SOURCES = 131_070;

const random = new Random(1);
const halfOpens = new Map<string, object>();
const counts = { syns: 0, served: 0 };

class Host extends Entity {
  protected after(seconds: number, what: (...values: never[]) => void, ...values: unknown[]): void {
    this.setTimer(seconds).done(what, this, values);
  }
}

class Flood extends Host {
  start(): void {
    this.after(random.exponential(FLOOD_PER_S), this.send);
  }
  private send(): void {
    const key = `flood ${Math.floor(random.random() * SOURCES)}:${Math.floor(random.random() * 64_000)}`;
    if (receiveSyn(key)) this.after(1, this.sendSynAckAgain, key, halfOpens.get(key), 1);
    this.after(random.exponential(FLOOD_PER_S), this.send);
  }
  private sendSynAckAgain(key: string, halfOpen: object, times: number): void {
    if (halfOpens.get(key) !== halfOpen) return;
    if (times > SYN_ACK_RETRIES) halfOpens.delete(key);
    else this.after(2 ** times, this.sendSynAckAgain, key, halfOpen, times + 1);
  }
}

class Clients extends Host {
  #next = 0;
  start(): void {
    this.after(random.exponential(CLIENTS_PER_S), this.connect);
  }
  private connect(): void {
    this.after(ONE_WAY_S, this.arrive, `client ${this.#next++}`, 0);
    this.after(random.exponential(CLIENTS_PER_S), this.connect);
  }
  private arrive(key: string, retries: number): void {
    if (receiveSyn(key)) this.after(2 * ONE_WAY_S, this.establish, key);
    else if (retries < SYN_RETRIES) this.after(2 ** retries, this.arrive, key, retries + 1);
  }
  private establish(key: string): void {
    halfOpens.delete(key);
    counts.served++;
    this.after(HOLD_S, this.close);
  }
  private close(): void {
    this.after(2 * ONE_WAY_S, this.waitOut);
  }
  private waitOut(): void {
    this.after(TIME_WAIT_S, this.forget);
  }
  private forget(): void {}
}

function receiveSyn(key: string): boolean {
  counts.syns++;
  if (halfOpens.has(key) || halfOpens.size >= BACKLOG) return false;
  halfOpens.set(key, {});
  return true;
}

const sim = new Sim();
for (const Kind of [Flood, Clients]) sim.addEntity(Kind);
const startedMs = performance.now();
sim.simulate(Number(process.argv[2]));
process.stdout.write(`${JSON.stringify({ wallS: (performance.now() - startedMs) / 1000, ...counts })}\n`);
