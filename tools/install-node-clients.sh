#!/bin/sh
# Installs the npm packages that conformance/node_test.go drives, at the versions
# of the lock file, into a folder for this user under TMPDIR. Says nothing when
# they are there. It never fails: the test says itself what is missing.
set -u
cd "$(dirname "$0")/.." || exit 0

drivers=conformance/drivers/node
base=${TMPDIR:-/tmp}/contacts-test-$(id -u)
dir=$base/node-$(sha256sum <$drivers/package-lock.json | cut -c1-16)
[ -d "$dir/node_modules" ] && exit 0

remark() {
	echo "install-node-clients: $*; the test that needs them is skipped" >&2
	exit 0
}

command -v npm >/dev/null 2>&1 || remark "there is no npm"
# Others may write into TMPDIR: what is there already must be ours.
mkdir -m 700 "$base" 2>/dev/null || { [ -d "$base" ] && [ ! -L "$base" ] && [ -O "$base" ]; } || remark "$base is not ours"
new=$(mktemp -d "$base/new.XXXXXX") || exit 0
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
cp $drivers/package.json $drivers/package-lock.json "$new" || exit 0

echo "installing for the tests: the packages of $drivers/package.json" >&2
# Packages get to run nothing of their own while they are installed.
if ! (cd "$new" && npm ci --fetch-retries=5 --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
	tail -n 20 "$new/npm.log" >&2
	remark "npm could not install the packages"
fi
mv -T "$new" "$dir" 2>/dev/null || [ -d "$dir/node_modules" ] || remark "could not write $dir"
