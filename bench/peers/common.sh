# shellcheck shell=bash
# Sourced by every script of this folder. A script defines do_install, do_reset,
# do_start and do_env (do_stop and do_checkpoint if need be) and ends with main "$@".
# All data is in a mktemp directory, whose name is kept in $STATE; servers listen
# on 127.0.0.1 only.
set -eu
PEER=$(basename "$0" .sh)
HERE=$(cd "$(dirname "$0")" && pwd)
STATE=${BENCH_STATE:-$(dirname "$HERE")/results/state}
mkdir -p "$STATE"
BUSER=${BENCH_USER:-elizabeth}
BPASS=${BENCH_PASS:-benchpass}
DIR=$(cat "$STATE/$PEER.dir" 2>/dev/null || true)
PIDFILE=$STATE/$PEER.pids

# apt_install PACKAGE...: installs what is missing, without starting its services.
apt_install() {
  local p missing='' policy=/usr/sbin/policy-rc.d
  for p in "$@"; do dpkg -s "$p" >/dev/null 2>&1 || missing="$missing $p"; done
  [ -n "$missing" ] || return 0
  local ours=''
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    ours=1
  fi
  # shellcheck disable=SC2086 # a list of names
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null || { [ -z "$ours" ] || rm -f $policy; return 1; }
  [ -z "$ours" ] || rm -f $policy
}

# remove_dir removes the data of the last run, which only new_dir makes.
remove_dir() {
  case "$DIR" in */contacts-bench-"$PEER".*) rm -rf "$DIR";; esac
  DIR=
  rm -f "$STATE/$PEER.dir"
}

new_dir() {
  remove_dir
  DIR=$(mktemp -d -t "contacts-bench-$PEER.XXXXXX")
  chmod 755 "$DIR" # servers run as users of their own
  echo "$DIR" >"$STATE/$PEER.dir"
  : >"$PIDFILE"
}

# bg LOG COMMAND...: runs a server in a session of its own and remembers its pid.
bg() {
  local log=$1
  shift
  setsid "$@" >"$log" 2>&1 </dev/null &
  echo $! >>"$PIDFILE"
}

# kill_pids ends the processes that bg started, the last first, and waits for them.
kill_pids() {
  [ -s "$PIDFILE" ] || return 0
  local p live
  for p in $(tac "$PIDFILE"); do kill -TERM "$p" 2>/dev/null || true; done
  for _ in $(seq 100); do
    live=
    for p in $(cat "$PIDFILE"); do if kill -0 "$p" 2>/dev/null; then live=1; fi; done
    [ -n "$live" ] || break
    sleep 0.1
  done
  for p in $(cat "$PIDFILE"); do kill -KILL "$p" 2>/dev/null || true; done
  : >"$PIDFILE"
}

print_env() { printf '%s\n' "$@" "USER=$BUSER" "PASS=$BPASS" "PIDFILE=$PIDFILE"; }
pkgver() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null; }

# A PostgreSQL cluster of its own for peers that need one: pg_new PORT, pg_start, pg_stop.
pgbin() { ls -d /usr/lib/postgresql/*/bin | tail -n 1; }
as_postgres() { su postgres -s /bin/sh -c "$*" >/dev/null; }
pg_new() {
  mkdir "$DIR/pg"
  chown postgres "$DIR/pg"
  as_postgres "$(pgbin)/initdb -D $DIR/pg -A trust -U postgres -E UTF8 --locale=C.UTF-8"
  cat >>"$DIR/pg/postgresql.conf" <<C
listen_addresses='127.0.0.1'
port=$1
unix_socket_directories='$DIR/pg'
shared_buffers=512MB
effective_cache_size=4GB
wal_compression=on
# fsync and synchronous_commit are on by default: durable when acknowledged
C
}
pg_start() {
  as_postgres "$(pgbin)/pg_ctl -D $DIR/pg -w -l $DIR/pg/log start"
  head -n 1 "$DIR/pg/postmaster.pid" >>"$PIDFILE"
}
pg_stop() {
  if [ -f "$DIR/pg/postmaster.pid" ]; then as_postgres "$(pgbin)/pg_ctl -D $DIR/pg -m fast -w stop"; fi
}

if_defined() { if declare -F "$1" >/dev/null; then "$1"; fi; }
stop() { if declare -F do_stop >/dev/null; then do_stop; else kill_pids; fi; }

main() {
  case "${1:-}" in
    install) do_install;;
    reset) stop; new_dir; do_reset;;
    start) [ -n "$DIR" ] || { new_dir; do_reset; }; : >"$PIDFILE"; do_start;;
    stop) stop;;
    remove) stop; remove_dir;;
    checkpoint) if_defined do_checkpoint;;
    env) do_env;;
    *) echo "usage: $0 install|reset|start|stop|remove|checkpoint|env" >&2; exit 2;;
  esac
}
