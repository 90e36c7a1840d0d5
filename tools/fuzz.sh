#!/bin/sh
# Runs the fuzz targets of the module whose package and name match FUZZ (all)
# for FUZZTIME (20s) each, one after the other, with FUZZWORKERS processes (as
# many as go test takes), and prints a table. What a target finds is saved in
# its testdata/fuzz and fails make test from then on. Inputs are made smaller
# for 100 runs only: where coverage is not the same each time, as with requests
# over the network, go test would spend its time on that. Called by make fuzz,
# from the top of the tree.
set -u
GO=${GO:-go}
FUZZTIME=${FUZZTIME:-20s}
FUZZ=${FUZZ:-.}
failed=
count=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

packages=$($GO list ./...) || exit 1
printf '%-56s %-8s %12s %12s\n' target result runs interesting
for pkg in $packages; do
	list=$($GO test -list '^Fuzz' "$pkg") || { failed="$failed $pkg"; printf '%s\n' "$list"; continue; }
	for target in $(printf '%s\n' "$list" | grep '^Fuzz'); do
		printf '%s\n' "$pkg/$target" | grep -q -E -e "$FUZZ" || continue
		count=$((count + 1))
		result=ok
		$GO test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 100x ${FUZZWORKERS:+-parallel "$FUZZWORKERS"} "$pkg" >"$out" 2>&1 ||
			{ result=FAILED; failed="$failed $pkg/$target"; }
		runs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$out" | tail -n 1)
		new=$(sed -n 's/.*new interesting: \([0-9]*\).*/\1/p' "$out" | tail -n 1)
		printf '%-56s %-8s %12s %12s\n' "$pkg $target" "$result" "${runs:-0}" "${new:-0}"
		[ "$result" = ok ] || cat "$out"
	done
done

if [ -n "$failed" ]; then
	echo "fuzzing failed:$failed" >&2
	exit 1
fi
if [ "$count" = 0 ]; then
	echo "no fuzz target matches $FUZZ" >&2
	exit 1
fi
echo "$count fuzz targets ran for $FUZZTIME each and found nothing"
