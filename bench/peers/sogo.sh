#!/bin/bash
# SOGo (Objective-C): sogod, memcached and a PostgreSQL cluster, behind nginx as
# its documentation says. It reads its settings from one fixed file, which is
# replaced while it runs.
. "$(dirname "$0")/common.sh"
PORT=${PORT:-15237}
WO=${WO:-15238}
MC=${MC:-15212}
PGP=${PGP:-15437}
CONF=/etc/sogo/sogo.conf
SAVED=$CONF.contacts-bench-saved
do_install() { apt_install sogo sogo-common memcached nginx-light tmpreaper postgresql; }
do_reset() {
  pg_new "$PGP"
  pg_start
  as_postgres "psql -qX -h $DIR/pg -p $PGP -U postgres postgres" <<S
CREATE USER sogo; CREATE DATABASE sogo OWNER sogo;
\c sogo sogo
CREATE TABLE sogo_users (c_uid varchar(128) primary key, c_name varchar(128), c_password varchar(128), c_cn varchar(128), mail varchar(128));
INSERT INTO sogo_users VALUES ('$BUSER','$BUSER','$BPASS','$BUSER','$BUSER@example.org');
S
  pg_stop
  local db=postgresql://sogo@127.0.0.1:$PGP/sogo
  cat >"$DIR/sogo.conf" <<C
{
  SOGoProfileURL = "$db/sogo_user_profile";
  OCSFolderInfoURL = "$db/sogo_folder_info";
  OCSSessionsFolderURL = "$db/sogo_sessions_folder";
  OCSStoreURL = "$db/sogo_store";
  OCSAclURL = "$db/sogo_acl";
  OCSCacheFolderURL = "$db/sogo_cache_folder";
  OCSAdminURL = "$db/sogo_admin";
  SOGoUserSources = ( { type = sql; id = users; viewURL = "$db/sogo_users"; canAuthenticate = YES; isAddressBook = NO; userPasswordAlgorithm = plain; } );
  SOGoMemcachedHost = "127.0.0.1:$MC";
  SOGoTimeZone = UTC; SOGoLanguage = English;
  WOWorkersCount = 8; WOListenQueueSize = 300; WOPort = "127.0.0.1:$WO"; WOWatchDogRequestTimeout = 30; SxVMemLimit = 1024;
  SOGoMaximumFailedLoginCount = 0;
}
C
  chmod 644 "$DIR/sogo.conf"
  mkdir "$DIR/tmp"
  cat >"$DIR/nginx.conf" <<C
daemon off; pid $DIR/nginx.pid; worker_processes 1; error_log $DIR/nginx.log; user root;
events { worker_connections 256; }
http {
 access_log off; keepalive_requests 1000000; client_max_body_size 64m; client_body_buffer_size 4m;
 client_body_temp_path $DIR/tmp/b; fastcgi_temp_path $DIR/tmp/f; proxy_temp_path $DIR/tmp/p; uwsgi_temp_path $DIR/tmp/u; scgi_temp_path $DIR/tmp/s;
 server {
  listen 127.0.0.1:$PORT;
  location /SOGo {
   proxy_pass http://127.0.0.1:$WO; proxy_http_version 1.1; proxy_read_timeout 900s; proxy_buffers 64 64k; proxy_max_temp_file_size 0;
   proxy_set_header Host \$http_host; proxy_set_header x-webobjects-server-protocol HTTP/1.0; proxy_set_header x-webobjects-remote-host 127.0.0.1;
   proxy_set_header x-webobjects-server-name localhost; proxy_set_header x-webobjects-server-url http://127.0.0.1:$PORT; proxy_set_header x-webobjects-server-port $PORT;
  }
 }
}
C
}
do_start() {
  [ -e $SAVED ] || cp -a $CONF $SAVED
  cp "$DIR/sogo.conf" $CONF
  chmod 644 $CONF
  pg_start
  bg "$DIR/mc.out" memcached -u memcache -l 127.0.0.1 -p "$MC" -m 256
  mkdir -p /run/sogo
  chown sogo:sogo /run/sogo
  : >"$DIR/sogo.out"
  bg "$DIR/sogo.out" setpriv --reuid sogo --regid sogo --clear-groups env HOME=/var/lib/sogo /usr/sbin/sogod -WONoDetach YES -WOPidFile /run/sogo/contacts-bench.pid -WOLogFile -
  bg "$DIR/nginx.out" nginx -c "$DIR/nginx.conf"
}
do_stop() {
  if [ -s "$PIDFILE" ]; then
    sed -i 1d "$PIDFILE" # PostgreSQL, the first, ends in its own way
    kill_pids
  fi
  pg_stop
  if [ -e $SAVED ]; then mv $SAVED $CONF; fi
}
do_checkpoint() { as_postgres "psql -h $DIR/pg -p $PGP -U postgres -c checkpoint sogo"; }
do_env() {
  print_env "URL=http://127.0.0.1:$PORT/SOGo/dav/$BUSER/Contacts/personal/" "DATA=$DIR/pg/base" "VERSION=SOGo $(pkgver sogo), PostgreSQL" \
    "SETTINGS=sogod with 8 workers behind nginx, memcached, PostgreSQL with fsync and synchronous_commit on: durable"
}
main "$@"
