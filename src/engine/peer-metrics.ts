/**
 * Peers whose RTT is cached: tcp_metrics.c, as far as the last-quarter rule asks (tcp_peer_is_proven).
 *
 * An entry is made when a connection to the peer ends through TIME_WAIT or LAST_ACK with an RTT sample and no backoff pending, unless
 * tcp_no_metrics_save. A connection that ends without a usable RTT takes the entry's RTT away (tcp_update_metrics).
 */
export class PeerMetrics {
  #keys = new Int32Array(64);
  #known = new Uint8Array(64);
  #used = new Uint8Array(64);
  #mask = 63;
  #entries = 0;
  #provenCount = 0;

  /** Whether the peer has a cached RTT. */
  isProven(peer: number): boolean {
    if (this.#provenCount === 0) return false;
    const place = this.#place(peer);
    return this.#known[place] === 1;
  }

  /** Notes how a connection to the peer ended. */
  update(peer: number, hasRtt: boolean): void {
    if (!hasRtt && this.#entries === 0) return;
    const place = this.#place(peer);
    if (this.#used[place] === 0) {
      if (!hasRtt) return;
      this.#used[place] = 1;
      this.#keys[place] = peer;
      this.#entries++;
    }
    this.#provenCount += (hasRtt ? 1 : 0) - this.#known[place]!;
    this.#known[place] = hasRtt ? 1 : 0;
    if (this.#entries * 2 > this.#mask) this.#grow();
  }

  #place(peer: number): number {
    let place = (Math.imul(peer, 0x9e3779b1) >>> 7) & this.#mask;
    while (this.#used[place] === 1 && this.#keys[place] !== peer) place = (place + 1) & this.#mask;
    return place;
  }

  #grow(): void {
    const keys = this.#keys;
    const known = this.#known;
    const used = this.#used;
    const size = (this.#mask + 1) * 2;
    this.#keys = new Int32Array(size);
    this.#known = new Uint8Array(size);
    this.#used = new Uint8Array(size);
    this.#mask = size - 1;
    for (let i = 0; i < keys.length; i++) {
      if (used[i] === 0) continue;
      const place = this.#place(keys[i]!);
      this.#keys[place] = keys[i]!;
      this.#used[place] = 1;
      this.#known[place] = known[i]!;
    }
  }
}
