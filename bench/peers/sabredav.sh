#!/bin/bash
# SabreDAV (PHP) on nginx and php-fpm with opcache; PDO on SQLite in WAL mode.
. "$(dirname "$0")/common.sh"
PORT=${PORT:-15234}
do_install() { apt_install php-sabre-dav php-fpm php-sqlite3 php-xml php-mbstring nginx-light sqlite3; }
do_reset() {
  mkdir "$DIR/data" "$DIR/www" "$DIR/tmp"
  sqlite3 "$DIR/data/db.sqlite" >/dev/null <<S
PRAGMA journal_mode=WAL;
CREATE TABLE addressbooks (id integer primary key asc, principaluri text, displayname text, uri text, description text, ctag integer, synctoken integer default 1);
CREATE TABLE cards (id integer primary key asc, addressbookid integer, carddata blob, uri text, lastmodified integer, etag text, size integer);
CREATE INDEX cards_uri ON cards(addressbookid, uri);
CREATE UNIQUE INDEX ab_uri ON addressbooks(principaluri, uri);
CREATE TABLE users (id integer primary key asc, username text, digesta1 text, UNIQUE(username));
CREATE TABLE principals (id INTEGER PRIMARY KEY ASC, uri TEXT, email TEXT, displayname TEXT, vcardurl TEXT, UNIQUE(uri));
CREATE TABLE groupmembers (id INTEGER PRIMARY KEY ASC, principal_id INTEGER, member_id INTEGER, UNIQUE(principal_id, member_id));
INSERT INTO principals (uri,email,displayname) VALUES ('principals/$BUSER','$BUSER@example.org','$BUSER');
INSERT INTO addressbooks (principaluri,displayname,uri,description,ctag) VALUES ('principals/$BUSER','book','book','',1);
S
  cat >"$DIR/www/server.php" <<P
<?php
error_reporting(E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING);
ini_set('display_errors', '0');
date_default_timezone_set('UTC');
\$pdo = new PDO('sqlite:$DIR/data/db.sqlite', null, null, [PDO::ATTR_PERSISTENT => true]);
\$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
\$pdo->exec('PRAGMA busy_timeout=60000');
\$pdo->exec('PRAGMA synchronous=FULL');
require_once 'Sabre/autoload.php';
class BenchAuth extends Sabre\\DAV\\Auth\\Backend\\AbstractBasic {
  protected function validateUserPass(\$u, \$p) { return \$u === '$BUSER' && hash_equals('$BPASS', \$p); }
}
\$principal = new Sabre\\DAVACL\\PrincipalBackend\\PDO(\$pdo);
\$carddav = new Sabre\\CardDAV\\Backend\\PDO(\$pdo);
\$server = new Sabre\\DAV\\Server([new Sabre\\DAVACL\\PrincipalCollection(\$principal), new Sabre\\CardDAV\\AddressBookRoot(\$principal, \$carddav)]);
\$server->setBaseUri('/');
\$server->addPlugin(new Sabre\\DAV\\Auth\\Plugin(new BenchAuth(), 'bench'));
\$server->addPlugin(new Sabre\\CardDAV\\Plugin());
\$server->addPlugin(new Sabre\\DAVACL\\Plugin());
\$server->exec();
P
  cat >"$DIR/fpm.conf" <<C
[global]
error_log=$DIR/fpm.log
daemonize=no
[www]
user=www-data
group=www-data
listen=$DIR/tmp/fpm.sock
listen.owner=www-data
pm=static
pm.max_children=4
php_admin_value[memory_limit]=1G
php_admin_value[max_execution_time]=600
php_admin_value[include_path]=/usr/share/php
php_admin_flag[opcache.enable]=on
php_admin_value[opcache.validate_timestamps]=0
C
  cat >"$DIR/nginx.conf" <<C
daemon off; pid $DIR/nginx.pid; worker_processes 2; error_log $DIR/nginx.log;
user www-data;
events { worker_connections 256; }
http {
 access_log off; keepalive_requests 1000000; client_max_body_size 64m; client_body_buffer_size 4m;
 client_body_temp_path $DIR/tmp/b; fastcgi_temp_path $DIR/tmp/f; proxy_temp_path $DIR/tmp/p; uwsgi_temp_path $DIR/tmp/u; scgi_temp_path $DIR/tmp/s;
 upstream php { server unix:$DIR/tmp/fpm.sock; }
 server {
  listen 127.0.0.1:$PORT;
  location / {
   include /etc/nginx/fastcgi_params; fastcgi_read_timeout 600s; fastcgi_buffers 64 64k; fastcgi_max_temp_file_size 0;
   fastcgi_param SCRIPT_FILENAME $DIR/www/server.php; fastcgi_param SCRIPT_NAME /server.php; fastcgi_param PATH_INFO \$uri; fastcgi_pass php;
  }
 }
}
C
  chown -R www-data "$DIR/data" "$DIR/tmp"
}
do_start() {
  bg "$DIR/fpm.out" "$(ls /usr/sbin/php-fpm* | tail -n 1)" -F -R -y "$DIR/fpm.conf"
  bg "$DIR/nginx.out" nginx -c "$DIR/nginx.conf"
}
do_checkpoint() { sqlite3 "$DIR/data/db.sqlite" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null; }
do_env() {
  print_env "URL=http://127.0.0.1:$PORT/addressbooks/$BUSER/book/" "DATA=$DIR/data" "VERSION=SabreDAV $(pkgver php-sabre-dav)" \
    "SETTINGS=nginx and php-fpm (4 static workers, opcache), PDO on SQLite, WAL, synchronous=FULL: durable"
}
main "$@"
