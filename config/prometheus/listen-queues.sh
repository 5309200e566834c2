#!/bin/sh
# Accept queues for node_exporter's textfile collector, which has no collector of its own for them: how long each is, and its backlog.
#   listen-queues.sh /var/lib/prometheus/node-exporter    every 15 s, from a timer; needs ss and no root
set -eu
folder=${1:?the folder that node_exporter reads: --collector.textfile.directory}
file=$(mktemp "$folder/listen-queues.XXXXXX")
trap 'rm -f "$file"' EXIT
# State, Recv-Q, Send-Q, local address and port, peer. Sockets of one port (SO_REUSEPORT, several addresses) are added up.
ss -Hltn | awk '
  { port = $4; sub(/.*:/, "", port); length_of[port] += $2; limit_of[port] += $3 }
  END {
    print "# HELP tcp_listen_queue_length Connections that wait for accept(), as ss shows them (Recv-Q)."
    print "# TYPE tcp_listen_queue_length gauge"
    for (port in length_of) printf "tcp_listen_queue_length{port=\"%s\"} %d\n", port, length_of[port]
    print "# HELP tcp_listen_queue_limit Backlog of the listeners, as ss shows it (Send-Q); the queue holds one more."
    print "# TYPE tcp_listen_queue_limit gauge"
    for (port in limit_of) printf "tcp_listen_queue_limit{port=\"%s\"} %d\n", port, limit_of[port]
  }' >"$file"
chmod 0644 "$file"
mv "$file" "$folder/listen-queues.prom"
trap - EXIT
