#!/bin/bash
# Cyrus (C): httpd with CardDAV; imapd only to create the user's mailbox.
. "$(dirname "$0")/common.sh"
PORT=${PORT:-15236}
IMAP=${IMAP:-15143}
CYRUS=/usr/lib/cyrus/bin
do_install() { apt_install cyrus-caldav cyrus-imapd cyrus-admin sasl2-bin libsasl2-modules python3; }
do_reset() {
  mkdir "$DIR/conf" "$DIR/spool" "$DIR/run" "$DIR/run/socket" "$DIR/run/proc" "$DIR/run/lock"
  cat >"$DIR/imapd.conf" <<C
configdirectory: $DIR/conf
proc_path: $DIR/run/proc
mboxname_lockpath: $DIR/run/lock
lmtpsocket: $DIR/run/socket/lmtp
idlesocket: $DIR/run/socket/idle
notifysocket: $DIR/run/socket/notify
defaultpartition: default
partition-default: $DIR/spool
admins: cyrus
altnamespace: no
unixhierarchysep: no
hashimapspool: true
autocreate_quota: 0
httpmodules: carddav
httpallowcompress: no
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $DIR/conf/sasldb2
syslog_prefix: cyrusbench
C
  cat >"$DIR/cyrus.conf" <<C
START { recover cmd="$CYRUS/ctl_cyrusdb -C $DIR/imapd.conf -r" }
SERVICES {
  http cmd="$CYRUS/httpd -C $DIR/imapd.conf -U 10000" listen="127.0.0.1:$PORT" prefork=8 maxchild=32
  imap cmd="$CYRUS/imapd -C $DIR/imapd.conf" listen="127.0.0.1:$IMAP" prefork=0 maxchild=4
}
EVENTS { checkpoint cmd="$CYRUS/ctl_cyrusdb -C $DIR/imapd.conf -c" period=30 }
C
  for u in "$BUSER" cyrus; do echo "$BPASS" | saslpasswd2 -p -c -f "$DIR/conf/sasldb2" -u "$(hostname)" "$u"; done
  chown -R cyrus:mail "$DIR"
  do_start
  python3 - "$IMAP" "$BUSER" "$BPASS" <<'P'
import imaplib, sys, time
for attempt in range(100):
    try:
        m = imaplib.IMAP4('127.0.0.1', int(sys.argv[1]))
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit('the IMAP server does not answer')
m.login('cyrus', sys.argv[3])
status, answer = m.create('user.' + sys.argv[2])
if status != 'OK':
    sys.exit(str(answer))
P
  kill_pids
}
do_start() { bg "$DIR/master.out" $CYRUS/master -D -C "$DIR/imapd.conf" -M "$DIR/cyrus.conf" -p "$DIR/run/master.pid"; }
do_env() {
  print_env "URL=http://127.0.0.1:$PORT/dav/addressbooks/user/$BUSER/book/" "DATA=$DIR/spool,$DIR/conf" "VERSION=Cyrus IMAP $(pkgver cyrus-caldav)" \
    "SETTINGS=httpd prefork=8, sasldb, a message file for each contact with twoskip and SQLite indexes: durable"
}
main "$@"
