/**
 * RTTs of earlier connections, by address pair: tcp_metrics.c. They make a peer *proven* for the last-quarter rule (tcp_peer_is_proven), and
 * seed the first RTO of later connections.
 *
 * An entry is written when a connection ends through TIME_WAIT or LAST_ACK, unless tcp_no_metrics_save: a longer RTT is stored, a shorter one
 * moves the entry by an eighth; a connection that ends with a backoff pending, or without a sample, takes the RTT away.
 *
 * With tcp_tw_recycle an entry also has the last timestamp of a connection that went into TIME_WAIT, and when that was (tcp_remember_stamp).
 *
 * Units   µs << 3, as srtt; seconds of uptime. Keys are local address ^ peer address: one of the two is the server's, so no two pairs share a key.
 */

/** TCP_PAWS_MSL: how long a noted timestamp is looked at, s. */
const PAWS_MSL_S = 60;
/** TCP_PAWS_WINDOW: so much older a SYN's timestamp may be, in units of the peer's clock. */
const PAWS_WINDOW = 1;

export class PeerMetrics {
  #keys = new Int32Array(64);
  #rtt = new Int32Array(64);
  #used = new Uint8Array(64);
  /** Last timestamp of the peer, and the second it was noted in; 0: never. */
  #stamp = new Int32Array(64);
  #stampS = new Int32Array(64);
  #mask = 63;
  #entries = 0;
  #provenCount = 0;

  /** Cached RTT of an address pair, 0 when there is none. */
  rttOf(key: number): number {
    return this.#provenCount === 0 ? 0 : this.#rtt[this.#place(key)]!;
  }

  isProven(key: number): boolean {
    return this.rttOf(key) !== 0;
  }

  /** Notes how a connection ended: its smoothed RTT, 0 when that cannot be used. */
  update(key: number, srtt: number): void {
    if (srtt === 0 && this.#entries === 0) return;
    const place = this.#place(key);
    if (this.#used[place] === 0) {
      if (srtt === 0) return;
      this.#enter(place, key);
    }
    const old = this.#rtt[place]!;
    const excess = old - srtt;
    const rtt = srtt === 0 || excess <= 0 ? srtt : old - (excess >> 3);
    this.#provenCount += (rtt !== 0 ? 1 : 0) - (old !== 0 ? 1 : 0);
    this.#rtt[place] = rtt;
    this.#makeRoom();
  }

  /** A connection whose last timestamp is `tsval` went into TIME_WAIT in second `nowS`: the newer stamp stays, or the one that is not old. */
  noteStamp(key: number, tsval: number, nowS: number): void {
    const place = this.#place(key);
    if (this.#used[place] === 0) this.#enter(place, key);
    const isNewer = ((this.#stamp[place]! - tsval) | 0) <= 0;
    if (this.#stampS[place] !== 0 && !isNewer && nowS - this.#stampS[place]! <= PAWS_MSL_S) return;
    this.#stamp[place] = tsval;
    this.#stampS[place] = nowS;
    this.#makeRoom();
  }

  /**
   * tcp_peer_is_proven with a check of timestamps (kernel-semantics 7.9): whether a SYN is older than the address's last connection, or has
   * no timestamp, less than a minute after that connection ended.
   */
  isOutdated(key: number, hasTs: boolean, tsval: number, nowS: number): boolean {
    if (this.#entries === 0) return false;
    const place = this.#place(key);
    const noted = this.#stampS[place]!;
    if (this.#used[place] === 0 || noted === 0 || nowS - noted >= PAWS_MSL_S) return false;
    return !hasTs || ((this.#stamp[place]! - tsval) | 0) > PAWS_WINDOW;
  }

  #enter(place: number, key: number): void {
    this.#used[place] = 1;
    this.#keys[place] = key;
    this.#entries++;
  }

  #makeRoom(): void {
    if (this.#entries * 2 > this.#mask) this.#grow();
  }

  #place(key: number): number {
    let place = (Math.imul(key, 0x9e3779b1) >>> 7) & this.#mask;
    while (this.#used[place] === 1 && this.#keys[place] !== key) place = (place + 1) & this.#mask;
    return place;
  }

  #grow(): void {
    const keys = this.#keys;
    const rtt = this.#rtt;
    const used = this.#used;
    const stamp = this.#stamp;
    const stampS = this.#stampS;
    const size = (this.#mask + 1) * 2;
    this.#keys = new Int32Array(size);
    this.#rtt = new Int32Array(size);
    this.#used = new Uint8Array(size);
    this.#stamp = new Int32Array(size);
    this.#stampS = new Int32Array(size);
    this.#mask = size - 1;
    for (let i = 0; i < keys.length; i++) {
      if (used[i] === 0) continue;
      const place = this.#place(keys[i]!);
      this.#keys[place] = keys[i]!;
      this.#used[place] = 1;
      this.#rtt[place] = rtt[i]!;
      this.#stamp[place] = stamp[i]!;
      this.#stampS[place] = stampS[i]!;
    }
  }
}
