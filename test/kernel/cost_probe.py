#!/usr/bin/env python3
"""Measures what each step of the TCP accept path costs the CPU of this machine; the source of the CPU profile `measured`.

Goal     Microseconds of CPU per packet, by what the packet does, and per system call of an accepting application.
Method   One thread on one CPU, in a network namespace of its own. Packets are written to a TUN device without RPS, so that
         write(2) carries each through IP and TCP in the context of the writer, answers included: they end in the queue of
         the TUN, where they are read between measurements. A row is the CPU time of a batch of write(2) (or of the system
         call named) divided by its number, over many batches; median and minimum are given.
         The loop's own share is measured with the same loop over write(2) to /dev/null (for system calls: getppid through the same
         door) and taken off, so a row is: entry of the TUN or of the call, plus kernel path, plus answer up to the device's queue.
         Timers: n requests are made at once; a real-time spinner on the same CPU then adds up the time that is missing in its own
         loop while the kernel's counter says that n SYN-ACKs were sent again.
         Other work on the machine makes a row bimodal (the core's other thread busy or not): p10 is what repeats from run to run.
         `above_ip` is the difference to a packet that IP drops: what TCP alone costs. A NIC's driver and GRO are not in it.
Checks   Every row names the counter that has to move by one per packet; a row whose counter did not is an error.
Limits   Root (or a user namespace and an open /dev/net/tun), Linux, Python 3.9. Noise: other work on the machine disturbs caches and
         the clock of a virtual CPU; minima bound it from below, medians hold for a busy machine.
"""
import argparse
import gc
import json
import os
import random
import resource
import select
import socket
import statistics
import struct
import sys
import time

sys.dont_write_bytecode = True
import netlab  # noqa: E402
from netlab import ACK, FIN, PSH, RST, SYN  # noqa: E402

SERVER, FOREIGN = "10.9.1.1", "192.0.2.1"
PORT, CLOSED_PORT = 9000, 9999
TUN_QUEUE = 20000
REQUEST, RESPONSE = b"q" * 100, b"r" * 200
MSS = struct.pack("!BBH", 2, 4, 1460)


class Lab:
    def __init__(self):
        netlab.enter_namespace(limit_s=600)
        self.tun = netlab.make_tun("tun0", queue=TUN_QUEUE)
        netlab.ip("link", "set", "tun0", "up")
        netlab.ip("addr", "add", f"{SERVER}/24", "dev", "tun0")
        netlab.ip("route", "add", "10.64.0.0/10", "dev", "tun0")  # the clients; they exist only as addresses
        os.set_blocking(self.tun, False)
        for name, value in {"tcp_syncookies": 0, "tcp_max_syn_backlog": 65536, "tcp_synack_retries": 5, "tcp_timestamps": 1,
                            "tcp_congestion_control": "reno", "ip_forward": 0, "tcp_max_tw_buckets": 200000,
                            "tcp_invalid_ratelimit": 0}.items():
            netlab.write(f"/proc/sys/net/ipv4/{name}", value)
        netlab.write("/proc/sys/net/core/somaxconn", 65535)
        self.client = 0
        self.random = random.Random(6)
        self.rows, self.kinds, self.segments_out = {}, {}, {}
        self.devnull = os.open("/dev/null", os.O_WRONLY)

    def set(self, name, value):
        netlab.write(f"/proc/sys/net/ipv4/{name}", value)

    def clients(self, n):
        """n 4-tuples nobody used before."""
        out = []
        for _ in range(n):
            self.client += 1
            out.append((f"10.{64 + (self.client >> 16)}.{self.client >> 8 & 255}.{self.client & 255}",
                        self.random.randrange(1024, 65000), self.random.getrandbits(32)))
        return out

    def answers(self):
        """Reads the device's queue empty: {(client, port): (seq, ack, flags)} of the last segment to each client."""
        out = {}
        while True:
            try:
                p = os.read(self.tun, 2048)
            except BlockingIOError:
                return out
            h = (p[0] & 15) * 4
            port, seq, ack, flags = struct.unpack("!HIIxB", p[h + 2:h + 14])
            out[socket.inet_ntoa(p[16:20]), port] = (seq, ack, flags)

    def listener(self, backlog=65535, port=PORT):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((SERVER, port))
        s.listen(backlog)
        return s

    # ------------------------------------------------------------ measuring

    def note(self, kind, name, microseconds, loop, segments_out):
        self.kinds[name], self.segments_out[name] = kind, segments_out
        self.rows.setdefault(name, []).append((microseconds, microseconds - loop))

    def undisturbed(self):
        """Real-time for the milliseconds of a batch: nobody else's work comes between and cools the caches."""
        netlab.pin(self.cpu, realtime=True)

    def packets(self, name, packets, counter, per_packet=1):
        """Writes a batch and notes its CPU time per packet; the counter proves what the packets did."""
        for p in packets:
            os.write(self.devnull, p)  # both loops find the packets in the cache
        before = netlab.counters()
        write, tun, devnull = os.write, self.tun, self.devnull
        self.undisturbed()
        a = time.thread_time_ns()
        for p in packets:
            write(tun, p)
        b = time.thread_time_ns()
        for p in packets:
            write(devnull, p)
        c = time.thread_time_ns()
        netlab.ordinary()
        after = netlab.counters()
        n = len(packets)
        if counter and after[counter] - before[counter] != per_packet * n:
            raise AssertionError(f"{name}: {counter} moved by {after[counter] - before[counter]}, not {per_packet * n}: "
                                 f"{ {k: after[k] - before[k] for k in after if after[k] != before[k]} }")
        self.note("packet", name, (b - a) / n / 1e3, (c - b) / n / 1e3, (after["TcpOutSegs"] - before["TcpOutSegs"]) / n)

    def calls(self, name, function, arguments, counter=None):
        """The same for system calls: one Python call each. Answers what the calls answered."""
        before = netlab.counters()
        out = []
        keep, getppid = out.append, os.getppid
        self.undisturbed()
        a = time.thread_time_ns()
        for x in arguments:
            keep(function(*x))
        b = time.thread_time_ns()
        for x in arguments:
            keep(getppid(*()))
        c = time.thread_time_ns()
        netlab.ordinary()
        n = len(arguments)
        del out[n:]
        after = netlab.counters()
        if counter and after[counter] - before[counter] != n:
            raise AssertionError(f"{name}: {counter} moved by {after[counter] - before[counter]}, not {n}")
        self.note("call", name, (b - a) / n / 1e3, (c - b) / n / 1e3, (after["TcpOutSegs"] - before["TcpOutSegs"]) / n)
        return out

    # ------------------------------------------------------------ rows

    def foreign(self, n):
        self.packets("dropped in IP: foreign address",
                     [netlab.tcp(a, FOREIGN, p, PORT, s, 0, SYN, options=MSS) for a, p, s in self.clients(n)],
                     "IpInAddrErrors")

    def syn_dropped(self, n):
        s = self.listener(backlog=1)
        self.set("tcp_max_syn_backlog", 256)
        for a, p, q in self.clients(8):
            os.write(self.tun, netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS))
        self.packets("SYN, dropped: SYN queue full, cookies off",
                     [netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS) for a, p, q in self.clients(n)], "TcpExtTCPReqQFullDrop")
        s.close()
        self.set("tcp_max_syn_backlog", 65536)
        self.answers()

    def syn_accept_full(self, n):
        s = self.listener(backlog=0)
        self.establish(s, 1, accept=False)
        self.packets("SYN, dropped: accept queue full",
                     [netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS) for a, p, q in self.clients(n)], "TcpExtListenOverflows")
        s.close()
        self.answers()

    def syn_closed(self, n):
        self.packets("SYN to a closed port: RST",
                     [netlab.tcp(a, SERVER, p, CLOSED_PORT, q, 0, SYN, options=MSS) for a, p, q in self.clients(n)], "TcpOutRsts")
        self.answers()

    def cookie(self, n):
        s = self.listener()
        self.set("tcp_syncookies", 2)
        clients = self.clients(n)
        self.packets("SYN, answered by a cookie",
                     [netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS) for a, p, q in clients], "TcpExtSyncookiesSent")
        answers = self.answers()
        self.packets("final ACK with a cookie: child made",
                     [netlab.tcp(a, SERVER, p, PORT, q + 1, answers[a, p][0] + 1, ACK) for a, p, q in clients], "TcpExtSyncookiesRecv")
        self.packets("ACK with a wrong cookie: RST",
                     [netlab.tcp(a, SERVER, p, PORT, q, 12345, ACK) for a, p, q in self.clients(n)], "TcpExtSyncookiesFailed")
        s.close()  # resets its children one by one, which nobody measures
        self.packets("ACK to a closed port: RST",
                     [netlab.tcp(a, SERVER, p, CLOSED_PORT, q, 1, ACK) for a, p, q in self.clients(n)], "TcpOutRsts")
        self.set("tcp_syncookies", 0)
        self.answers()

    def establish(self, listener, n, accept=True, measure=False):
        """n connections: [(client, port, client's next seq, server's next seq, descriptor if accepted)]."""
        clients = self.clients(n)
        syns = [netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS) for a, p, q in clients]
        if measure:
            self.packets("SYN: request made, SYN-ACK sent", syns, "TcpExtTCPOrigDataSent", 0)
        else:
            for s in syns:
                os.write(self.tun, s)
        answers = self.answers()
        if measure:
            # The same SYN once more: its request is found and the SYN-ACK sent again.
            self.packets("SYN repeated: SYN-ACK sent again", syns, "TcpRetransSegs")
            self.answers()
        acks = [netlab.tcp(a, SERVER, p, PORT, q + 1, answers[a, p][0] + 1, ACK) for a, p, q in clients]
        if measure:
            self.packets("final ACK: child made", acks, "TcpPassiveOpens")
        else:
            for s in acks:
                os.write(self.tun, s)
        if not accept:
            return [(a, p, q + 1, answers[a, p][0] + 1) for a, p, q in clients]
        fd = listener.fileno()
        if measure:
            fds = self.calls("accept4()", libc_accept4, [(fd, None, None, 0)] * n)
        else:
            fds = [libc_accept4(fd, None, None, 0) for _ in clients]
        assert all(f >= 0 for f in fds), "accept4() failed"
        return [(a, p, q + 1, answers[a, p][0] + 1, f) for (a, p, q), f in zip(clients, fds)]

    def connection(self, n):
        """One request and a close by the client, step by step."""
        s = self.listener()
        c = self.establish(s, n, measure=True)
        data = [netlab.tcp(a, SERVER, p, PORT, q, r, ACK | PSH, REQUEST) for a, p, q, r, _ in c]
        self.packets("data segment (100 B)", data, "TcpInSegs")
        self.calls("read() of 100 B", os.read, [(f, 4096) for *_, f in c])
        self.calls("write() of 200 B: data sent", os.write, [(f, RESPONSE) for *_, f in c], "TcpOutSegs")
        sent, got = len(RESPONSE), len(REQUEST)
        self.packets("ACK of data", [netlab.tcp(a, SERVER, p, PORT, q + got, r + sent, ACK) for a, p, q, r, _ in c], "TcpInSegs")
        self.packets("FIN of an open connection: CLOSE_WAIT",
                     [netlab.tcp(a, SERVER, p, PORT, q + got, r + sent, ACK | FIN) for a, p, q, r, _ in c], "TcpInSegs")
        self.calls("close() after the client's FIN: FIN sent", os.close, [(f,) for *_, f in c], "TcpOutSegs")
        self.packets("last ACK: connection gone",
                     [netlab.tcp(a, SERVER, p, PORT, q + got + 1, r + sent + 1, ACK) for a, p, q, r, _ in c], "TcpInSegs")
        s.close()
        self.answers()

    def server_first(self, n):
        """The server closes first: FIN_WAIT1, FIN_WAIT2, TIME_WAIT."""
        s = self.listener()
        c = self.establish(s, n)
        self.calls("close() first: FIN sent", os.close, [(f,) for *_, f in c], "TcpOutSegs")
        self.packets("ACK of the server's FIN: FIN_WAIT2",
                     [netlab.tcp(a, SERVER, p, PORT, q, r + 1, ACK) for a, p, q, r, _ in c], "TcpInSegs")
        self.packets("FIN in FIN_WAIT2: TIME_WAIT, ACK sent",
                     [netlab.tcp(a, SERVER, p, PORT, q, r + 1, ACK | FIN) for a, p, q, r, _ in c], "TcpOutSegs")
        s.close()
        self.answers()

    def reset(self, n):
        s = self.listener()
        c = self.establish(s, n)
        self.packets("RST of an open connection",
                     [netlab.tcp(a, SERVER, p, PORT, q, r, RST | ACK) for a, p, q, r, _ in c], "TcpEstabResets")
        for *_, f in c:
            os.close(f)
        clients = self.clients(n)
        for a, p, q in clients:
            os.write(self.tun, netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS))
        answers = self.answers()
        self.packets("RST of a request", [netlab.tcp(a, SERVER, p, PORT, q + 1, answers[a, p][0] + 1, RST) for a, p, q in clients],
                     "TcpExtEmbryonicRsts")
        s.close()
        self.answers()

    def application(self, n):
        """A minimal server, for connections whose request waits: four system calls each; then the same by epoll."""

        def serve(fd):
            c = libc_accept4(fd, None, None, 0)
            os.read(c, 4096)
            os.write(c, RESPONSE)
            os.close(c)

        def serve_by_epoll(fd):
            poll.poll(0, 1)
            c = libc_accept4(fd, None, None, os.O_NONBLOCK)
            poll.register(c, select.EPOLLIN)
            poll.poll(0, 2)
            os.read(c, 4096)
            os.write(c, RESPONSE)
            os.close(c)

        for name, serve_one in (("application: accept, read, write, close", serve), ("application: the same by epoll", serve_by_epoll)):
            s = self.listener()
            c = self.establish(s, n, accept=False)
            for a, p, q, r in c:
                os.write(self.tun, netlab.tcp(a, SERVER, p, PORT, q, r, ACK | PSH, REQUEST))
            with select.epoll() as poll:
                poll.register(s, select.EPOLLIN)
                self.calls(name, serve_one, [(s.fileno(),)] * n)
            s.close()
            # The orphans would send again for minutes, in other rows' time.
            for a, p, q, r in c:
                os.write(self.tun, netlab.tcp(a, SERVER, p, PORT, q + len(REQUEST), r, ACK | RST))
            self.answers()

    def timer(self, n):
        """SYN-ACKs sent again by the timers of n requests, all due within a few jiffies; then the requests given up."""
        s = self.listener()
        self.set("tcp_synack_retries", 1)
        syns = [netlab.tcp(a, SERVER, p, PORT, q, 0, SYN, options=MSS) for a, p, q in self.clients(n)]
        self.undisturbed()
        for syn in syns:
            os.write(self.tun, syn)
        start = time.perf_counter()
        netlab.ordinary()
        self.answers()
        # First timer 1 s after the SYN, second one 2 s after the first; the wheel makes each up to 32 ms late.
        for row, from_s, to_s in (("timer: SYN-ACK sent again", 0.93, 1.12), ("timer: request given up", 2.93, 3.2)):
            time.sleep(start + from_s - time.perf_counter())
            realtime = netlab.pin(self.cpu, realtime=True)
            before = netlab.counters()
            lost, clock = 0, time.perf_counter_ns
            now, end = clock(), int((start + to_s) * 1e9)
            while now < end:
                t = clock()
                if t - now > 20_000:  # a tick without work stays below
                    lost += t - now
                now = t
            netlab.ordinary()
            after = netlab.counters()
            again = after["TcpRetransSegs"] - before["TcpRetransSegs"]
            expected = n if "again" in row else 0
            if again != expected or not realtime:
                print(f"{row}: {again} of {expected} SYN-ACKs, real-time {realtime}: left out", file=sys.stderr)
            else:
                self.note("timer", row, lost / n / 1e3, 0, again / n)
            self.answers()
        self.set("tcp_synack_retries", 5)
        s.close()


def rounded(value):
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def libc_accept4(*args):
    return netlab.libc.accept4(*args)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--packets", type=int, default=400, help="per batch")
    parser.add_argument("--timer-batches", type=int, default=5)
    parser.add_argument("--cpu", type=int)
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON, too")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    cpu = cpus[-1] if options.cpu is None else options.cpu
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    netlab.pin(cpu)
    gc.disable()  # nothing here is cyclic
    lab = Lab()
    lab.cpu = cpu
    steps = [lab.foreign, lab.syn_dropped, lab.syn_accept_full, lab.syn_closed, lab.cookie, lab.connection, lab.server_first, lab.reset,
             lab.application]
    for _ in range(options.timer_batches):
        lab.timer(4 * options.packets)
    for _ in range(options.batches):
        for step in steps:
            step(options.packets)
            time.sleep(0.002)

    base = sorted(net for _, net in lab.rows["dropped in IP: foreign address"])
    table = []
    for name, values in lab.rows.items():
        net = sorted(v for _, v in values)
        row = {"path": name, "kind": lab.kinds[name], "batches": len(net), "segments_out": round(lab.segments_out[name], 2),
               "min_us": net[0], "p10_us": net[len(net) // 10], "median_us": statistics.median(net), "p90_us": net[len(net) * 9 // 10],
               "with_loop_median_us": statistics.median(v for v, _ in values)}
        if row["kind"] == "packet":  # a call and a timer do not come through the TUN and IP
            row["above_ip"] = {"min_us": net[0] - base[0], "p10_us": row["p10_us"] - base[len(base) // 10],
                               "median_us": row["median_us"] - statistics.median(base)}
        table.append(row)
    if options.json:
        with open("/proc/cpuinfo") as f:
            model = next((l.split(":")[1].strip() for l in f if l.startswith("model name")), "")
        document = {"kernel": os.uname().release, "cpu": model, "packets_per_batch": options.packets, "rows": rounded(table)}
        netlab.write(options.json, json.dumps(document, indent=1) + "\n")
    print(f"{'path':45} {'out':>4} {'min':>6} {'p10':>6} {'median':>6} {'p90':>6} {'above IP: min':>13} {'p10':>6} {'median':>6}   (us of CPU each)")
    for r in table:
        above = "".join(f"{v:{w}.2f}" for v, w in zip(r["above_ip"].values(), (14, 7, 7))) if "above_ip" in r else ""
        print(f"{r['path']:45} {r['segments_out']:4.2g} {r['min_us']:6.2f} {r['p10_us']:6.2f} {r['median_us']:6.2f} {r['p90_us']:6.2f}{above}")


if __name__ == "__main__":
    try:
        main()
    except netlab.Skip as e:
        print(json.dumps({"skipped": str(e)}))
        sys.exit(netlab.EXIT_SKIPPED)
