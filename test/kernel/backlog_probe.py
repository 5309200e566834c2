#!/usr/bin/env python3
"""Overflows the per-CPU backlog of the running kernel and prints what it did, one JSON object a line.

Goal     Facts for the model of net.core.netdev_max_backlog: which packets are dropped when a burst meets a CPU that
         does not consume, where the drop is counted, and which devices have a backlog at all.
Method   Packets are steered by RPS to one CPU (the target); the sender runs on another one. A *plug* is sent first: a
         frame of a private EtherType that some AF_PACKET sockets want, whose filters take a long time to refuse it
         (netlab.slow_filter). The target sits in its backlog's NAPI poll with the plug in hand; nothing else of the
         burst can be consumed until it is done. The sender then sends the burst and reads the two queue lengths.
         Ordinary packets never meet those filters.
           plugged    plug, pause, n packets:            dropped = sent - (max + 1) - 1, the plug being out of the queue
           two_stage  plug, pause, plug + max packets, then the first plug ends and all max + 1 move to process_queue
                      (second plug in hand), n packets:  dropped = sent - (max + 1) - 1 - (max + 1)
           direct     no RPS; 2 (max + 1) packets:       none, each is handled in the context of its sender
Devices  loopback: UDP to 127.0.0.1. veth: frames into the far end by AF_PACKET. tun: packets written to /dev/net/tun.
Output   `moved` is what of the packets sent had left the input queue when the burst ended. `drops_by_rule` = sent - (max + 1) - moved.
         `stopped` says whether the consumer was stopped for the whole burst (its count of processed packets stood still and it
         did not take the queue); `foreign` counts packets of others that the target saw: softnet_stat is global.
Limits   Linux >= 6.3 (lengths of both queues; rps_default_mask), two CPUs. Loopback can be steered only by root of the machine.
         At most 6 * (netdev_max_backlog + 1) packets a run; skipped (exit 77) above netdev_max_backlog = 20000.
"""
import argparse
import json
import os
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
import netlab  # noqa: E402

PLUG_ETHERTYPE = 0x88B5  # IEEE local experimental
PLUG_BYTES = 3600  # one page with its headers: the filter needs the bytes in one piece
PORT = 9000
PLUG_S = 0.15


class Device:
    """A way to send a UDP packet, and a plug, to the namespace's own stack."""

    def __init__(self, kind, name, address):
        self.kind, self.name, self.address = kind, name, address
        self.far_address = address.rsplit(".", 1)[0] + ".2"
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.receiver.setsockopt(socket.SOL_SOCKET, netlab.SO_RCVBUFFORCE, 256 << 20)
        except OSError:
            self.receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 << 20)
        self.receiver.bind((address, PORT))
        self.receiver.setblocking(False)
        self.plug_payload = netlab.EMPTY_ATTRIBUTE * (PLUG_BYTES // 4)

    def drain(self):
        got = []
        while True:
            try:
                got.append(self.receiver.recv(64))
            except BlockingIOError:
                return got


class Loopback(Device):
    def __init__(self, name="lo"):
        super().__init__("loopback", name, "127.0.0.1")
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.connect((self.address, PORT))
        self.plugger = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)

    def packet(self, payload):
        return payload

    def send(self, packet):
        self.sender.send(packet)

    def plug(self):
        self.plugger.sendto(self.plug_payload, (self.name, PLUG_ETHERTYPE))


class Veth(Device):
    def __init__(self, name, far, address, limit):
        netlab.make_veth(name, far)
        netlab.ip("addr", "add", f"{address}/24", "dev", name)
        super().__init__("veth", name, address)
        self.far = far
        # Unlike loopback, veth leaves a packet charged to its sender's SO_SNDBUF until it is consumed: one socket of the default
        # size would block after 277 of these packets. So the packets take turns over many sockets.
        self.senders = []
        for _ in range(1 + 6 * (limit + 1) // 100):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            s.bind((far, 0))
            self.senders.append(s)
        self.turn = 0
        self.addresses = netlab.hardware_address(name) + netlab.hardware_address(far)

    def packet(self, payload):
        return self.addresses + b"\x08\x00" + netlab.udp(self.far_address, self.address, 9001, PORT, payload)

    def send(self, packet):
        self.turn = (self.turn + 1) % len(self.senders)
        self.senders[self.turn].send(packet)

    def plug(self):
        self.senders[0].send(self.addresses + struct.pack("!H", PLUG_ETHERTYPE) + self.plug_payload)


class Tun(Device):
    def __init__(self, name, address):
        self.fd = netlab.make_tun(name, packet_information=True)
        netlab.ip("link", "set", name, "mtu", "4000", "up")
        netlab.ip("addr", "add", f"{address}/24", "dev", name)
        super().__init__("tun", name, address)

    def packet(self, payload):
        return struct.pack("!HH", 0, 0x0800) + netlab.udp(self.far_address, self.address, 9001, PORT, payload)

    def send(self, packet):
        os.write(self.fd, packet)

    def plug(self):
        os.write(self.fd, struct.pack("!HH", 0, PLUG_ETHERTYPE) + self.plug_payload)


class Plugs:
    """The sockets whose filters make a plug slow: as many as it takes to stop the target for PLUG_S."""

    def __init__(self, device):
        self.device, self.sockets = device, []
        self.add(4)
        seconds = min(self.measure() for _ in range(3))
        self.add(min(400, max(0, round(4 * PLUG_S / seconds) - 4)))
        self.seconds = self.measure()

    def add(self, count):
        program = netlab.slow_filter(4000, 0)
        for _ in range(count):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            netlab.attach_filter(s, program)
            s.bind((self.device.name, PLUG_ETHERTYPE))
            self.sockets.append(s)

    def measure(self):
        """How long one plug holds up the packet behind it."""
        self.device.drain()
        start = time.perf_counter()
        self.device.plug()
        self.device.send(self.device.packet(b"behind the plug"))
        while not self.device.drain():
            if time.perf_counter() - start > 5:
                raise netlab.Skip(f"{self.device.name}: nothing arrives")
        return time.perf_counter() - start

    def close(self):
        for s in self.sockets:
            s.close()


class Disturbed(Exception):
    """Others used the target's backlog, or the sender's CPU, so much that the run is no measurement."""


class Run:
    """One case, once: counters before, packets, counters after."""

    def __init__(self, case, device, sender_cpu, target_cpu, limit):
        self.case, self.device, self.limit = case, device, limit
        self.sender_cpu, self.target_cpu = sender_cpu, target_cpu
        self.sent = self.errors = 0

    def send(self, count, packets):
        """Sends until `count` more have been; a device that reports its drop (veth: ENOBUFS) is counted, not obeyed."""
        send = self.device.send
        for packet in packets[:count]:
            try:
                send(packet)
            except OSError:
                self.errors += 1
        self.sent += count

    def plug(self):
        try:
            self.device.plug()
        except OSError as e:
            raise Disturbed(f"{self.case} on {self.device.name}: the plug was refused: {e}") from e
        self.sent += 1

    def target(self):
        return netlab.softnet()[self.target_cpu]

    def until(self, condition, what, limit_s=3):
        end = time.perf_counter() + limit_s
        while time.perf_counter() < end:
            now = self.target()
            if condition(now):
                return now
        raise Disturbed(f"{self.case} on {self.device.name}: {what} did not come: {self.target()}")

    def measure(self, burst, repeat):
        device = self.device
        packets = [device.packet(struct.pack("!I", i)) for i in range(max(burst, self.limit) + 1)]
        self.until(lambda t: t["backlog"] == 0, "an empty backlog to start from")
        device.drain()
        before = netlab.softnet()
        rx_dropped = netlab.device_stat(device.name, "rx_dropped")
        start_of = before[self.target_cpu]["processed"]
        plugs = udp_sent = 0
        if self.case != "direct":
            self.plug()
            plugs += 1
            self.until(lambda t: t["processed"] > start_of and t["input_queue"] == 0, "the plug's processing")
        if self.case == "two_stage":
            self.plug()
            plugs += 1
            self.send(self.limit, packets)
            udp_sent += self.limit
            self.until(lambda t: t["input_queue"] == 0 and t["process_queue"] > 0, "the move to process_queue")
        first = self.target()
        before_burst = self.sent  # all of it has left the input queue: the conditions above say so
        start = time.perf_counter()
        self.send(burst, packets)
        burst_s = time.perf_counter() - start
        last = self.target()
        udp_sent += burst
        # Everything is read only after the target has emptied both queues.
        end = self.until(lambda t: t["backlog"] == 0, "an empty backlog")
        time.sleep(0.02)
        after = netlab.softnet()
        delta = netlab.softnet_delta(before, after)
        delivered = [struct.unpack("!I", d)[0] for d in device.drain()]
        own_dropped = netlab.device_stat(device.name, "rx_dropped") - rx_dropped
        dropped = sum(d["dropped"] for d in delta.values())
        moved = 0 if self.case == "direct" else before_burst + last["processed"] - first["processed"]
        stopped = self.case != "direct" and last["processed"] == first["processed"] and last["process_queue"] == first["process_queue"]
        rule = 0 if self.case == "direct" else max(0, self.sent - (self.limit + 1) - moved)
        tail = delivered[-burst:] if self.case == "two_stage" else delivered
        return {
            "case": self.case, "device": device.kind, "repeat": repeat, "burst": burst, "sent": self.sent, "plugs": plugs,
            "delivered": len(delivered), "dropped": dropped, "moved": moved,
            "drops_by_rule": rule, "unexplained": own_dropped - rule, "stopped": stopped,
            "lost_by_ends": udp_sent - len(delivered), "device_rx_dropped": own_dropped, "send_errors": self.errors,
            "first_are_kept": delivered == sorted(delivered) and delivered == list(range(len(delivered))) if self.case != "two_stage" else None,
            "input_queue_after_burst": last["input_queue"], "process_queue_after_burst": last["process_queue"],
            "foreign": delta[self.target_cpu]["processed"] - (self.sent - own_dropped) if self.case != "direct" else None,
            "foreign_dropped": dropped - own_dropped, "burst_ms": round(burst_s * 1e3, 2),
            "netdev_max_backlog": self.limit, "sender_cpu": self.sender_cpu,
            "target_cpu": self.target_cpu if self.case != "direct" else None, "cpus": delta,
        }


def sizes(limit):
    """Below the limit, around it, several times it. `limit` packets fit behind the plug, and one more."""
    return [limit // 2, limit - 1, limit, limit + 1, limit + 2, limit + limit // 10, 2 * limit, 5 * limit]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", action="append", choices=["loopback", "veth", "tun"], help="default: all")
    parser.add_argument("--case", action="append", choices=["plugged", "two_stage", "direct"], help="default: all")
    parser.add_argument("--sender-cpu", type=int)
    parser.add_argument("--target-cpu", type=int)
    parser.add_argument("--summary", action="store_true", help="a table on standard error too")
    options = parser.parse_args()

    cpus = sorted(os.sched_getaffinity(0))
    settings = netlab.host_settings()
    limit = int(settings["netdev_max_backlog"])
    if len(cpus) < 2:
        raise netlab.Skip("one CPU: sender and target must differ")
    if limit > 20000:
        raise netlab.Skip(f"netdev_max_backlog is {limit}")
    sender_cpu = cpus[0] if options.sender_cpu is None else options.sender_cpu
    target_cpu = cpus[1] if options.target_cpu is None else options.target_cpu
    netlab.enter_namespace(limit_s=300)
    if netlab.softnet()[target_cpu]["input_queue"] is None:
        raise netlab.Skip("softnet_stat does not tell the lengths of both queues (Linux < 6.3)")
    netlab.pin(sender_cpu, realtime=True)
    print(json.dumps({"settings": settings, "kernel": os.uname().release, "cpus": len(cpus)}), flush=True)

    rows = []
    wanted_cases = options.case or ["direct", "plugged", "two_stage"]
    for kind in options.device or ["loopback", "veth", "tun"]:
        try:
            rows += probe(kind, wanted_cases, options.repeats, sender_cpu, target_cpu, limit)
        except netlab.Skip as e:
            print(json.dumps({"device": kind, "skipped": str(e)}), flush=True)
    if options.summary:
        summarize(rows)


def probe(kind, cases, repeats, sender_cpu, target_cpu, limit):
    rows = []

    def measure(device, case, burst):
        for repeat in range(repeats):
            # A consumer that was not stopped for the whole burst (the sender was held up) is no measurement: again.
            for attempt in range(4):
                try:
                    row = Run(case, device, sender_cpu, target_cpu, limit).measure(burst, repeat)
                except Disturbed as e:
                    row = {"case": case, "device": kind, "repeat": repeat, "burst": burst, "error": str(e)}
                if case == "direct" or (row.get("stopped") and row["foreign"] == 0 and row["foreign_dropped"] == 0):
                    break
            row["attempts"] = attempt + 1
            print(json.dumps(row), flush=True)
            rows.append(row)

    make = {
        "loopback": lambda n: device if n else Loopback(),
        "veth": lambda n: Veth(f"near{n}", f"far{n}", f"10.9.{2 + n}.1", limit),
        "tun": lambda n: Tun(f"tun{n}", f"10.9.{4 + n}.1"),
    }[kind]
    device = make(0)
    if "direct" in cases:
        measure(device, "direct", 2 * (limit + 1))
    if set(cases) == {"direct"}:
        return rows
    # A device's queues take the namespace's default when they are made; only loopback is there before.
    netlab.steer_new_devices(target_cpu)
    device = make(1)
    netlab.steer_new_devices(None)
    if kind == "loopback":
        netlab.steer(device.name, target_cpu)
    plugs = Plugs(device)
    print(json.dumps({"device": kind, "plug_ms": round(plugs.seconds * 1e3, 1), "plug_sockets": len(plugs.sockets)}), flush=True)
    if "plugged" in cases:
        for burst in sizes(limit):
            measure(device, "plugged", burst)
    if "two_stage" in cases:
        for burst in (limit // 2, limit + 1, 2 * limit):
            measure(device, "two_stage", burst)
    plugs.close()
    return rows


def summarize(rows):
    groups = {}
    for r in rows:
        groups.setdefault((r["device"], r["case"], r["burst"]), []).append(r)
    print(f"{'device':9} {'case':10} {'burst':>6} {'runs':>4} {'stopped':>7} {'sent':>6} {'moved':>6} {'rule':>6} "
          f"{'rx_dropped':>13} {'softnet':>13} {'worst':>6} {'tries':>5}", file=sys.stderr)
    for (device, case, burst), all_ in groups.items():
        good = [r for r in all_ if "error" not in r]
        if not good:
            print(f"{device:9} {case:10} {burst:6} {all_[0]['error']}", file=sys.stderr)
            continue

        def span(name):
            v = [r[name] for r in good]
            return str(v[0]) if min(v) == max(v) else f"{min(v)}..{max(v)}"

        worst = max(abs(r["unexplained"]) for r in good)
        print(f"{device:9} {case:10} {burst:6} {len(good):4} {sum(r['stopped'] for r in good):7} {span('sent'):>6} {span('moved'):>6} "
              f"{span('drops_by_rule'):>6} {span('device_rx_dropped'):>13} {span('dropped'):>13} {worst:6} "
              f"{max(r['attempts'] for r in all_):5}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except netlab.Skip as e:
        print(json.dumps({"skipped": str(e)}))
        sys.exit(netlab.EXIT_SKIPPED)
