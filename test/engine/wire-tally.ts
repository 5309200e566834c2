/**
 * An observer that counts segments: by direction and class, those sent, arrived, and lost on the path.
 *
 * Left out   Packets of raw workloads: they come to the server without a link (raw-source.ts), and are told apart by their network.
 */
import { RAW_NETMASK, RAW_NETWORK } from "../../src/engine/host.ts";
import { packetClass } from "../../src/engine/link.ts";
import type { ObservedSegment, Observer } from "../../src/engine/observer.ts";
import { PACKET_CLASSES } from "../../src/vocabulary/run-result.ts";

interface Tally {
  sent: number;
  arrived: number;
  lost: number;
}

const classOf = ({ toServer, flags }: ObservedSegment): string =>
  `${PACKET_CLASSES[packetClass(flags)]} to the ${toServer ? "server" : "client"}`;

const isRaw = ({ source }: ObservedSegment): boolean => ((source | 0) & RAW_NETMASK) === RAW_NETWORK;

export class WireTally implements Observer {
  /** Class and direction → segments. */
  readonly classes = new Map<string, Tally>();
  /** Segments of clients and server that arrived and were not lost, by direction. */
  readonly delivered = { server: 0, client: 0 };

  #tally(segment: ObservedSegment): Tally {
    const key = classOf(segment);
    const tally = this.classes.get(key) ?? { sent: 0, arrived: 0, lost: 0 };
    this.classes.set(key, tally);
    return tally;
  }

  sent(_attempt: number, segment: ObservedSegment): void {
    this.#tally(segment).sent += segment.segments;
  }

  arrived(_attempt: number, segment: ObservedSegment, lost: number): void {
    this.delivered[segment.toServer ? "server" : "client"] += segment.segments - lost;
    if (isRaw(segment)) return;
    const tally = this.#tally(segment);
    // The path's own copies leave no host.
    if (segment.isCopy) tally.sent += segment.segments;
    tally.lost += lost;
    tally.arrived += segment.segments - lost;
  }

  starts(): void {}
  began(): void {}
  served(): void {}
  ended(): void {}
  unfinished(): void {}
  judged(): void {}
  changed(): void {}
  timerFired(): void {}
  timerSet(): void {}
  accepted(): void {}
  logged(): void {}
}
