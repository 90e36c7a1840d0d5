#!/bin/bash
# Xandikos (Python, aiohttp), which keeps contacts in git. A write costs more
# the larger the book: 1,000 contacts at most.
. "$(dirname "$0")/common.sh"
PORT=${PORT:-15233}
do_install() { apt_install xandikos; }
do_reset() { mkdir "$DIR/data"; }
do_start() { bg "$DIR/log" xandikos -d "$DIR/data" --defaults --current-user-principal "/$BUSER/" -l 127.0.0.1 -p "$PORT"; }
do_env() {
  print_env "URL=http://127.0.0.1:$PORT/$BUSER/contacts/addressbook/" "DATA=$DIR/data" "VERSION=Xandikos $(pkgver xandikos)" \
    "SETTINGS=its own aiohttp server, no authentication of its own, a git commit for each write: durable"
}
main "$@"
