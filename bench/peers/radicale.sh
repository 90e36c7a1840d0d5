#!/bin/bash
# Radicale (Python) on uWSGI behind nginx, as its documentation describes for
# production. A write costs more the larger the book: 1,000 contacts at most.
. "$(dirname "$0")/common.sh"
PORT=${PORT:-15232}
do_install() { apt_install radicale uwsgi-core uwsgi-plugin-python3 nginx-light; }
do_reset() {
  printf '%s:%s\n' "$BUSER" "$BPASS" >"$DIR/users"
  mkdir "$DIR/data" "$DIR/tmp"
  cat >"$DIR/config" <<C
[server]
max_connections = 100
[auth]
type = htpasswd
htpasswd_filename = $DIR/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = $DIR/data
[web]
type = none
[logging]
level = error
C
  cat >"$DIR/nginx.conf" <<C
daemon off; pid $DIR/nginx.pid; worker_processes 1; error_log $DIR/nginx.log; user root;
events { worker_connections 256; }
http {
 access_log off; keepalive_requests 1000000; client_max_body_size 64m; client_body_buffer_size 4m;
 client_body_temp_path $DIR/tmp/b; fastcgi_temp_path $DIR/tmp/f; proxy_temp_path $DIR/tmp/p; uwsgi_temp_path $DIR/tmp/u; scgi_temp_path $DIR/tmp/s;
 server {
  listen 127.0.0.1:$PORT;
  location / { include /etc/nginx/uwsgi_params; uwsgi_read_timeout 900s; uwsgi_buffers 64 64k; uwsgi_max_temp_file_size 0; uwsgi_pass unix:$DIR/uwsgi.sock; }
 }
}
C
}
do_start() {
  RADICALE_CONFIG=$DIR/config bg "$DIR/log" uwsgi --plugin python3 --socket "$DIR/uwsgi.sock" --chmod-socket=666 \
    --master --workers 4 --threads 4 --single-interpreter --wsgi-file /usr/share/radicale/radicale.wsgi \
    --disable-logging --buffer-size 65536 --die-on-term
  bg "$DIR/nginx.out" nginx -c "$DIR/nginx.conf"
}
do_env() {
  print_env "URL=http://127.0.0.1:$PORT/$BUSER/book/" "DATA=$DIR/data" "VERSION=Radicale $(pkgver radicale)" \
    "SETTINGS=uWSGI (4 processes, 4 threads each) behind nginx, htpasswd plain, a file for each contact, fsync of file and folder: durable"
}
main "$@"
