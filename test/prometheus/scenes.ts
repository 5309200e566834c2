/** What the daemon has to show while dashboards are asked: besides the demo, an experiment in which what the demo leaves quiet moves, and a job. */

/** Bare CPUs and rings, few ports, few TIME_WAIT buckets, a slow second listener: at ×1, so that its tunings are virtual hosts. */
export const CORNERS = `
name: corners
seeds: 1
scenario:
  duration_s: 600
  server:
    cpu: { cores: 2, app: separate }
    device: { kind: nic, queues: 1, ring: 64, rps_cpus: 2 }
    sysctls: { net.ipv4.tcp_syncookies: 1, net.core.netdev_max_backlog: 20, net.core.netdev_budget: 8, net.ipv4.tcp_max_tw_buckets: 5 }
    listeners:
      - { port: 80, backlog: 16, app: { request_bytes: 200, response_bytes: 1000, close: on_eof } }
      - { port: 81, backlog: 4, accept: { mode: rate, rate_per_s: 2 }, app: { request_bytes: 200, response_bytes: 1000, close: after_response } }
  client: { one_way_delay_s: 0.01, sysctls: { net.ipv4.ip_local_port_range: "32768 32867" } }
  workloads:
    - { name: proxy, kind: connections, port: 80, arrival: poisson, rate_per_s: 20, duration_s: 600, source_addresses: 1,
        request_bytes: 200, response_bytes: 1000, connect_timeout_s: 3 }
    - { name: slow, kind: connections, port: 81, arrival: poisson, rate_per_s: 10, duration_s: 600, source_addresses: 500,
        request_bytes: 200, response_bytes: 1000, connect_timeout_s: 5, response_timeout_s: 5, first_closer: server }
    - { name: quick, kind: connections, port: 80, arrival: poisson, rate_per_s: 20, duration_s: 600, source_addresses: 500,
        request_bytes: 200, response_bytes: 1000, connect_timeout_s: 3 }
    - { name: flood, kind: raw, packet: syn, arrival: bursts, burst_size: 1000, burst_spread_s: 0.001, rate_per_s: 1000, duration_s: 600,
        source_addresses: 131070, port: 80 }
    - { name: acks, kind: raw, packet: ack, arrival: poisson, rate_per_s: 50, duration_s: 600, source_addresses: 1000, port: 80 }
tunings:
  no_cookies: { server.sysctls.net.ipv4.tcp_syncookies: 0 }
  cookies: {}
  reuse: { client.sysctls.net.ipv4.tcp_tw_reuse: 1 }
`;

/** Ends within a second or two. Its threshold does not hold; its tunings are points, as of a capacity that is looked for. */
export const JOB = `
name: job
seeds: 2
scenario:
  duration_s: 8
  server: { listeners: [{ port: 80, backlog: 16, accept: { mode: rate, rate_per_s: 40 }, app: { request_bytes: 10, response_bytes: 10, close: after_response } }] }
  workloads:
    - { name: legit, kind: connections, rate_per_s: 60, duration_s: 6, arrival: poisson, request_bytes: 10, response_bytes: 10, connect_timeout_s: 2 }
    - { name: flood, kind: raw, packet: syn, rate_per_s: 400, duration_s: 6, arrival: poisson }
tunings:
  no_cookies_16: { server.sysctls.net.ipv4.tcp_syncookies: 0 }
  cookies_16: {}
  cookies_64: { server.listeners.80.backlog: 64 }
  cookies_256: { server.listeners.80.backlog: 256 }
thresholds: [legit.served_ratio > 0.999]
`;

/** Of JOB: queues against floods, as a map of nine points. */
export const SWEEP = new URLSearchParams([
  ["kind", "sweep"],
  ["tuning", "no_cookies_16"],
  ["param", "server.listeners.80.backlog=16,64,256"],
  ["param", "workloads.flood.rate_per_s=10,100,1000"],
]);

/** Of JOB: how many clients each tuning serves; without cookies the flood lets it serve no number of them. */
export const PLAN = new URLSearchParams([
  ["kind", "plan"],
  ["find", "max:workloads.legit.rate_per_s=5..200"],
]);
