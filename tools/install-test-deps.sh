#!/bin/sh
# Installs the Debian packages that tests need, when some are missing and the
# user may install them. Says nothing when there is nothing to do. It never
# fails: a test whose tool is missing says so itself and is skipped.
set -u

# Third-party clients and what drives them (conformance/).
packages='libgdata22 libgdata-tests gir1.2-gdata-0.0 python3-gi curl openssl chromium libgdata2.1-cil mono-mcs'

# What packages of ours are installed with, checked by and run behind (packaging/).
packages="$packages adduser systemd mandoc zsh fish nginx caddy"

# promtool, which checks metrics and alert rules (metrics/, contrib/).
packages="$packages prometheus"

# Node may come from elsewhere, with npm in it.
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || packages="$packages nodejs npm"

missing() {
	for p in $packages; do
		case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
		'install ok installed') ;;
		*) printf '%s ' "$p" ;;
		esac
	done
}

remark() {
	echo "install-test-deps: $*; tests that need a missing tool are skipped" >&2
	exit 0
}

command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 ||
	remark "this is not Debian, so not installing $packages"
wanted=$(missing)
[ -n "$wanted" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	sudo='sudo -n'
else
	remark "not allowed to install $wanted"
fi

# Packages may start services when they are installed; status 101 from
# policy-rc.d forbids it. An existing policy stays as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap '$sudo rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod 755 "$policy"
fi

log=$(mktemp) || exit 0
apt() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=1800 -o Acquire::Retries=5 "$@" >>"$log" 2>&1
}

echo "installing for the tests: $wanted" >&2
# A machine that has just started may be at its own updates, and a mirror away.
for pause in 0 10 30; do
	sleep "$pause"
	apt update
	if ! apt install -y --no-install-recommends $wanted; then
		for p in $wanted; do # one that is not to be had keeps no other away
			apt install -y --no-install-recommends "$p"
		done
	fi
	wanted=$(missing)
	[ -n "$wanted" ] || break
done
if [ -n "$wanted" ]; then
	tail -n 20 "$log" >&2
	rm -f "$log"
	remark "could not install $wanted"
fi
rm -f "$log"
