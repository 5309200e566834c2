"""What the kernel probes share: a network namespace of their own, devices in it, softnet_stat, packets.

Goal     A probe makes everything it needs inside namespaces that die with its process, so nothing can be left behind
         however it ends. Root makes a network and a mount namespace; anybody else adds a user namespace.
Method   unshare(2) through ctypes, rtnetlink through `ip`, /dev/net/tun by ioctl. /proc/net/softnet_stat is one file
         for the whole machine: a probe takes differences, and other people's packets on the same CPU are in them.
Limits   Linux, Python 3.9, iproute2. Global settings of net.core are read and never written.
"""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
SO_ATTACH_FILTER, SO_RCVBUFFORCE, SO_LOCK_FILTER = 26, 33, 44
EXIT_SKIPPED = 77



class Skip(Exception):
    """The machine or the rights do not allow this probe; says why."""


def read(path):
    with open(path) as f:
        return f.read().strip()


def write(path, text):
    with open(path, "w") as f:
        f.write(str(text))


def _call(name, *args):
    if getattr(libc, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def host_settings():
    """Global settings, read before the namespace is entered: some are invisible inside."""
    names = ("netdev_max_backlog", "dev_weight", "dev_weight_rx_bias", "netdev_budget", "netdev_budget_usecs",
             "flow_limit_cpu_bitmap", "flow_limit_table_len")
    return {n: read(f"/proc/sys/net/core/{n}") for n in names if os.path.exists(f"/proc/sys/net/core/{n}")}


def enter_namespace(limit_s):
    """Moves this process into namespaces of its own and bounds its life."""
    signal.alarm(int(limit_s))
    uid, gid = os.getuid(), os.getgid()
    try:
        if uid == 0:
            _call("unshare", CLONE_NEWNET | CLONE_NEWNS)
        else:
            _call("unshare", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
            write("/proc/self/setgroups", "deny")
            write("/proc/self/uid_map", f"0 {uid} 1")
            write("/proc/self/gid_map", f"0 {gid} 1")
        _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    except OSError as e:
        raise Skip(f"no network namespace: {e}") from e
    try:  # /sys shows the devices of the namespace in which it was mounted
        _call("mount", b"none", b"/sys", b"sysfs", 0, None)
    except OSError as e:
        print(f"sysfs cannot be mounted ({e}); loopback cannot be steered", file=sys.stderr)
    for scope in ("all", "default"):
        if os.path.exists(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"):
            write(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6", 1)
        write(f"/proc/sys/net/ipv4/conf/{scope}/rp_filter", 0)
    ip("link", "set", "lo", "up")


def ip(*args):
    r = subprocess.run(["ip", *args], capture_output=True, text=True)
    if r.returncode:
        raise Skip(f"ip {' '.join(args)}: {r.stderr.strip()}")


def steer_new_devices(cpu):
    """RPS of devices made from now on in this namespace: to this CPU, or None for nobody."""
    write("/proc/sys/net/core/rps_default_mask", f"{0 if cpu is None else 1 << cpu:x}")


def steer(device, cpu):
    path = f"/sys/class/net/{device}/queues/rx-0/rps_cpus"
    try:
        write(path, f"{0 if cpu is None else 1 << cpu:x}")
    except OSError as e:
        raise Skip(f"{path}: {e}") from e


def steered_to(device):
    return read(f"/sys/class/net/{device}/queues/rx-0/rps_cpus")


def device_stat(device, name):
    # Through /proc and not /sys, which a user namespace may not have.
    columns = ("rx_bytes rx_packets rx_errors rx_dropped rx_fifo rx_frame rx_compressed rx_multicast "
               "tx_bytes tx_packets tx_errors tx_dropped").split()
    for line in read("/proc/self/net/dev").splitlines():
        head, _, rest = line.partition(":")
        if head.strip() == device:
            return int(rest.split()[columns.index(name)])
    raise KeyError(device)


SOFTNET = {"processed": 0, "dropped": 1, "time_squeeze": 2, "received_rps": 9, "flow_limit_count": 10}


def softnet():
    """Per CPU: the counters, and the lengths of the two queues of its backlog now."""
    out = {}
    for row, line in enumerate(read("/proc/self/net/softnet_stat").splitlines()):
        v = [int(x, 16) for x in line.split()]
        entry = {name: v[c] for name, c in SOFTNET.items()}
        entry["input_queue"], entry["process_queue"] = (v[13], v[14]) if len(v) > 14 else (None, None)
        entry["backlog"] = v[11] if len(v) > 11 else None
        out[v[12] if len(v) > 12 else row] = entry
    return out


def softnet_delta(before, after):
    return {cpu: {n: after[cpu][n] - before[cpu][n] for n in SOFTNET} for cpu in after if cpu in before}


def pin(cpu, realtime=False):
    os.sched_setaffinity(0, {cpu})
    if realtime:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
            return True
        except OSError:
            return False
    return False


def ordinary():
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


# ---------------------------------------------------------------- devices


def make_tun(name, packet_information=False, queue=None):
    try:
        fd = os.open("/dev/net/tun", os.O_RDWR)
    except OSError as e:
        raise Skip(str(e)) from e
    flags = IFF_TUN | (0 if packet_information else IFF_NO_PI)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    if queue:
        ip("link", "set", name, "txqueuelen", str(queue))
    return fd


def make_veth(near, far):
    ip("link", "add", far, "type", "veth", "peer", "name", near)
    for d in (near, far):
        ip("link", "set", d, "mtu", "4000", "up")


def hardware_address(device):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        return fcntl.ioctl(s, 0x8927, struct.pack("256s", device.encode()))[18:24]  # SIOCGIFHWADDR
    finally:
        s.close()


def attach_filter(sock, instructions):
    """Classic BPF: a list of (code, jt, jf, k)."""
    code = b"".join(struct.pack("HBBI", *i) for i in instructions)
    buf = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(instructions), ctypes.addressof(buf)))


SKF_AD_NLATTR = 0xFFFFF000 + 12


def slow_filter(searches, start):
    """A filter that refuses every packet after `searches` walks over the bytes from `start` on.

    SKF_AD_NLATTR makes the kernel walk the packet as netlink attributes until it finds one of type X. In a packet made of
    empty attributes of another type one instruction of the filter visits each of them: ~1 us for 3.6 kB. Not found
    gives A = 0, so the start has to be loaded again, except when it is 0.
    """
    step = [(0x20, 0, 0, SKF_AD_NLATTR)] if start == 0 else [(0x00, 0, 0, start), (0x20, 0, 0, SKF_AD_NLATTR)]
    return [(0x01, 0, 0, 0x3FFF), (0x00, 0, 0, start)] + step * searches + [(0x06, 0, 0, 0)]


EMPTY_ATTRIBUTE = struct.pack("=HH", 4, 1)


# ---------------------------------------------------------------- packets


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def ipv4(source, destination, protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(source, destination, source_port, destination_port, payload):
    # Checksum 0: none was computed, which IPv4 allows.
    return ipv4(source, destination, 17, struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload)


FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def tcp(source, destination, source_port, destination_port, seq, ack, flags, payload=b"", options=b"", window=65535):
    head = struct.pack("!HHIIBBHHH", source_port, destination_port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (5 + len(options) // 4) << 4, flags, window, 0, 0) + options
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!BBH", 0, 6, len(head) + len(payload))
    sum_ = checksum(pseudo + head + payload)
    return ipv4(source, destination, 6, head[:16] + struct.pack("!H", sum_) + head[18:] + payload)


def spin(seconds):
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def counters():
    """/proc/net/{snmp,netstat} of this namespace under nstat's names."""
    out = {}
    for path in ("/proc/self/net/snmp", "/proc/self/net/netstat"):
        lines = read(path).splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            group = names.split(":")[0]
            out.update({group + n: int(v) for n, v in zip(names.split()[1:], values.split()[1:])})
    return out
