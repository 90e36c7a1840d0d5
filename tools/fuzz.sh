#!/bin/sh
# Runs every fuzz target of the module for FUZZTIME (20s), one after the other.
# What a target finds is saved in its testdata/fuzz and fails make test from
# then on. Called by make fuzz, from the top of the tree.
set -u
GO=${GO:-go}
FUZZTIME=${FUZZTIME:-20s}
failed=
count=0

packages=$($GO list ./...) || exit 1
for pkg in $packages; do
	list=$($GO test -list '^Fuzz' "$pkg") || { failed="$failed $pkg"; printf '%s\n' "$list"; continue; }
	for target in $(printf '%s\n' "$list" | grep '^Fuzz'); do
		count=$((count + 1))
		echo "== $pkg $target"
		$GO test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" "$pkg" || failed="$failed $pkg/$target"
	done
done

if [ -n "$failed" ]; then
	echo "fuzzing failed:$failed" >&2
	exit 1
fi
echo "$count fuzz targets ran for $FUZZTIME each and found nothing"
