#!/usr/bin/env python3
"""Shows what an application keeps of a CPU whose softirq is offered more and more packets (receive livelock).

Goal     Facts for the model of softirq against application: when the kernel hands the work to ksoftirqd, how the two share the CPU,
         and how much is left for the application at a given load.
Method   A TUN made under net.core.rps_default_mask steers all its packets to the target CPU. An AF_PACKET filter makes each packet
         cost --cost-us there. An ordinary process (SCHED_OTHER, nice 0) spins on that CPU and reads the clock all the time: steps
         below 5 us are its own time, longer ones are gaps in which something else ran. The sender paces packets from another CPU,
         at multiples of the capacity 1 / cost. The cost is measured first, by writing to a TUN without RPS with the same filter.
Output   One row per load. `own` is the spinner's share of the time that was not taken by other processes of the machine; of the wall
         clock: `inline`, softirq inside the spinner's scheduled time; `ksoftirqd`, its run time from /proc/PID/schedstat; `others`, the rest,
         inline softirq in their time included; `softirq`, all of it by the ticks of /proc/stat, and by that the cost of a packet served.
         Counters of softnet_stat of the target. Medians of the gaps of 0.5 ms and more: `inline ms`, the spinner was not switched out;
         `switched`, it was; `between`, from the end of a gap to the start of the next one.
Limits   Root, Linux, two CPUs. Other processes on the target CPU take turns in the scheduler, so they change the shares: of
         --repeats the run with the least of them is shown. Bounded by --seconds and at most 100 000 packets a second.
"""
import argparse
import json
import os
import resource
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
import netlab  # noqa: E402

OWN_STEP_NS, LONG_GAP_NS = 5_000, 500_000
PAYLOAD = netlab.EMPTY_ATTRIBUTE * 100
FOREIGN = "192.0.2.1"


def ksoftirqd(cpu):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if netlab.read(f"/proc/{pid}/comm") == f"ksoftirqd/{cpu}":
                return int(pid)
        except OSError:
            continue
    raise netlab.Skip(f"no ksoftirqd/{cpu} in /proc")


def run_ns(pid):
    """Time on a CPU and time waiting for one, in ns."""
    return [int(x) for x in netlab.read(f"/proc/{pid}/schedstat").split()[:2]]


def stat_ticks(pid):
    fields = netlab.read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def cpu_ticks(cpu):
    for line in netlab.read("/proc/stat").splitlines():
        if line.startswith(f"cpu{cpu} "):
            names = "user nice system idle iowait irq softirq steal".split()
            return dict(zip(names, map(int, line.split()[1:9])))
    raise KeyError(cpu)


def quantiles(values_ns):
    v = sorted(values_ns)
    at = {"p10": len(v) // 10, "p50": len(v) // 2, "p90": len(v) * 9 // 10}
    return {"count": len(v), **{k: round(v[i] / 1e6, 2) if v else 0 for k, i in at.items()}, "max": round(v[-1] / 1e6, 1) if v else 0}


def spin_and_tell(cpu, start, seconds, out):
    """The application. Its report goes to the pipe `out`."""
    os.setsid()  # a scheduling group of its own where sched_autogroup is on
    netlab.pin(cpu)
    clock = time.perf_counter_ns
    begin, end = int(start * 1e9), int((start + seconds) * 1e9)
    while clock() < begin:
        pass
    run0, _ = run_ns("self")
    usage, who = resource.getrusage, resource.RUSAGE_SELF
    own, gaps, inline, switched, stretches, now = 0, 0, [], [], [], clock()
    first = resumed = now
    switches = usage(who).ru_nivcsw
    while now < end:
        t = clock()
        step = t - now
        if step < OWN_STEP_NS:
            own += step
            now = t
            continue
        gaps += 1
        if step >= LONG_GAP_NS:
            switches_now = usage(who).ru_nivcsw
            (inline if switches_now == switches else switched).append(step)
            switches = switches_now
            stretches.append(now - resumed)
            resumed = t
        now = t
    run1, _ = run_ns("self")
    report = {"wall_ns": now - first, "own_ns": own, "run_ns": run1 - run0, "gaps": gaps,
              "gaps_ms": {"inline": quantiles(inline), "switched": quantiles(switched), "between": quantiles(stretches)}}
    os.write(out, json.dumps(report).encode())


class Lab:
    def __init__(self, cost_us, sender_cpu, target_cpu):
        self.sender_cpu, self.target_cpu = sender_cpu, target_cpu
        netlab.enter_namespace(limit_s=500)
        self.direct = self.tun("tun0", "10.9.1.1")
        netlab.steer_new_devices(target_cpu)
        self.steered = self.tun("tun1", "10.9.2.1")
        netlab.steer_new_devices(None)
        self.packet = netlab.udp("10.9.2.2", FOREIGN, 9001, 9000, PAYLOAD)
        netlab.pin(sender_cpu)
        self.filters = []
        self.make_slow(50)
        bare, with_50 = self.measure(filtered=False), self.measure()
        searches = max(1, min(2000, round((cost_us - bare) / ((with_50 - bare) / 50))))
        self.make_slow(searches)
        self.bare_us, self.searches = bare, searches
        self.cost_us = self.measure()

    @staticmethod
    def tun(name, address):
        fd = netlab.make_tun(name)
        netlab.ip("link", "set", name, "up")
        netlab.ip("addr", "add", f"{address}/24", "dev", name)
        return fd

    def make_slow(self, searches):
        for s in self.filters:
            s.close()
        self.filters = []
        for name in ("tun0", "tun1"):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            netlab.attach_filter(s, netlab.slow_filter(searches, 28))
            s.bind((name, 0x0800))
            self.filters.append(s)

    def measure(self, filtered=True):
        """CPU time of a packet, the least of several batches; the share of write(2) itself stays in: ~0.5 us."""
        # Without its filter: a frame that is no IPv4 packet for the tap, IPv6 is off in this namespace.
        packet = self.packet if filtered else b"\x60" + self.packet[1:]
        best = float("inf")
        for _ in range(30):
            a = time.thread_time_ns()
            for _ in range(100):
                os.write(self.direct, packet)
            best = min(best, (time.thread_time_ns() - a) / 100e3)
        return best

    def run(self, load, seconds, spinner=True):
        rate = min(100_000, load * 1e6 / self.cost_us)
        daemon = ksoftirqd(self.target_cpu)
        start = time.perf_counter() + 0.2
        pid = None
        if spinner:
            inlet, outlet = os.pipe()
            pid = os.fork()
            if pid == 0:
                try:
                    spin_and_tell(self.target_cpu, start, seconds, outlet)
                finally:
                    os._exit(0)
            os.close(outlet)
        # Real-time, asleep between batches of a millisecond's packets: on time, and it leaves its CPU to others meanwhile.
        netlab.pin(self.sender_cpu, realtime=True)
        write, fd, packet, clock = os.write, self.steered, self.packet, time.perf_counter
        time.sleep(max(0, start - clock()))
        softnet0, ticks0, daemon0, stat0 = netlab.softnet(), cpu_ticks(self.target_cpu), run_ns(daemon), stat_ticks(daemon)
        sent, late, begin, end = 0, 0.0, clock(), start + seconds
        base = begin
        while True:
            now = clock()
            if now >= end:
                break
            due = int((now - base) * rate)
            if due - sent > 500:  # held up: what was missed is left out, not sent in one burst
                late += (due - sent) / rate
                base += (due - sent) / rate
                due = sent
            for _ in range(due - sent):
                write(fd, packet)
            sent = due
            time.sleep(0.001)
        measured_s = clock() - begin
        softnet1, ticks1, daemon1, stat1 = netlab.softnet(), cpu_ticks(self.target_cpu), run_ns(daemon), stat_ticks(daemon)
        netlab.ordinary()
        report = {}
        if spinner:
            with os.fdopen(inlet) as f:
                report = json.loads(f.read())
            os.waitpid(pid, 0)
        hz = os.sysconf("SC_CLK_TCK")
        delta = netlab.softnet_delta(softnet0, softnet1)[self.target_cpu]
        row = {"load": load, "seconds": round(measured_s, 3), "sent_per_s": round(sent / measured_s),
               "offered": round(sent / measured_s * self.cost_us / 1e6, 3), "sender_held_up_s": round(late, 3),
               "served_per_s": round(delta["processed"] / measured_s), "softnet": delta,
               "ksoftirqd": round((daemon1[0] - daemon0[0]) / 1e9 / measured_s, 4),
               "ksoftirqd_stat": round((stat1 - stat0) / hz / measured_s, 3),
               "ticks": {k: round((ticks1[k] - ticks0[k]) / hz / measured_s, 3) for k in ticks0}}
        if spinner:
            wall = report["wall_ns"]
            others = max(0.0, 1 - report["run_ns"] / wall - row["ksoftirqd"])
            row.update({"others": round(others, 4), "spinner_scheduled": round(report["run_ns"] / wall, 4),
                        "inline": round((report["run_ns"] - report["own_ns"]) / wall, 4), "own_of_wall": round(report["own_ns"] / wall, 4),
                        "own": round(report["own_ns"] / wall / (1 - others), 4),
                        "gaps": report["gaps"], "gaps_ms": report["gaps_ms"]})
        return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cost-us", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--load", type=float, action="append", help="multiples of the capacity")
    parser.add_argument("--all", action="store_true", help="print every run as JSON")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    if os.getuid() != 0 or len(cpus) < 2:
        raise netlab.Skip("root and two CPUs are needed")
    settings = netlab.host_settings()
    lab = Lab(options.cost_us, cpus[0], cpus[1])
    alone = max(lab.run(1.5, min(2, options.seconds), spinner=False)["served_per_s"] for _ in range(2))
    print(json.dumps({"served_without_spinner_per_s": alone, "settings": settings, "kernel": os.uname().release, "bare_us": round(lab.bare_us, 2), "cost_us": round(lab.cost_us, 2),
                      "searches": lab.searches, "capacity_per_s": round(1e6 / lab.cost_us)}), flush=True)
    head = ("load", "offered", "served/s", "dropped/s", "own", "inline", "ksoftirqd", "others", "softirq", "us/packet", "squeeze/s", "rps_ipi/s", "inline ms", "switched", "between")
    print("  ".join(f"{h:>9}" for h in head), flush=True)
    for load in options.load or [0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.2, 1.5, 3.0]:
        runs = []
        for _ in range(options.repeats):
            runs.append(lab.run(load, options.seconds))
            if options.all:
                print(json.dumps(runs[-1]), flush=True)
        r = min(runs, key=lambda x: x["others"])
        s = r["seconds"]
        softirq = r["ticks"]["softirq"]
        row = (r["load"], r["offered"], r["served_per_s"], round(r["softnet"]["dropped"] / s), r["own"], r["inline"], r["ksoftirqd"], r["others"],
               softirq, round(softirq / r["served_per_s"] * 1e6, 1) if load else 0, round(r["softnet"]["time_squeeze"] / s, 1),
               round(r["softnet"]["received_rps"] / s), *(r["gaps_ms"][k]["p50"] for k in ("inline", "switched", "between")))
        print("  ".join(f"{x:>9}" for x in row), flush=True)


if __name__ == "__main__":
    try:
        main()
    except netlab.Skip as e:
        print(json.dumps({"skipped": str(e)}))
        sys.exit(netlab.EXIT_SKIPPED)
