#!/bin/sh
# Runs every check, also when an earlier one fails, and ends with the names of
# those that failed. Called by make check, from the top of the tree.
set -u
GO=${GO:-go}
TOOL=${TOOL:-$GO tool -modfile=tools/tools.mod}
failed=

step() {
	name=$1
	shift
	echo "== $name"
	"$@" || failed="$failed $name"
}

# Prints what gofmt would change; finding something is a failure, also for a
# gofmt that exits 0 all the same.
formatted() {
	status=0
	diff=$("$($GO env GOROOT)/bin/gofmt" -d .) || status=1
	[ -z "$diff" ] && return $status
	printf '%s\n' "$diff"
	return 1
}

step gofmt formatted
step vet $GO vet ./...
step staticcheck $TOOL staticcheck ./...
step tests bin/testsum -race -shuffle=on -timeout 2h ./...

if [ -n "$failed" ]; then
	echo "check failed:$failed" >&2
	exit 1
fi
echo "check passed"
