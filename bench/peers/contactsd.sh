#!/bin/bash
# contactsd, the server of this module, with an embedded database.
# CONTACTSD names a built program; without it, install builds one.
. "$(dirname "$0")/common.sh"
PORT=${PORT:-15230}
BUSER=${BENCH_USER:-elizabeth@example.com}
BIN=${CONTACTSD:-$STATE/contactsd}
do_install() {
  [ -z "${CONTACTSD:-}" ] || return 0
  (cd "$HERE/../.." && CGO_ENABLED=0 go build -o "$BIN" ./cmd/contactsd)
}
do_reset() {
  mkdir "$DIR/data"
  "$BIN" domain add example.com --data "$DIR/data"
  printf '%s\n' "$BPASS" | "$BIN" user add "$BUSER" --admin --password-stdin --data "$DIR/data"
} >&2
do_start() { bg "$DIR/log" "$BIN" serve --data "$DIR/data" --listen "127.0.0.1:$PORT" --max-contacts 1000000; }
do_env() {
  print_env "TARGET=gdata" "AUTH=clientlogin" "URL=http://127.0.0.1:$PORT" "DATA=$DIR/data" "VERSION=$("$BIN" version | head -n 1)" \
    "SETTINGS=defaults but for --max-contacts; embedded SQLite, an answer only after the commit is on the disk"
}
main "$@"
