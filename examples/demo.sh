#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `make demo`: a web shop that leaks is started under memalot, visited by real HTTP
# clients, and asked twice for a report while it serves: by a signal and by memalotctl.
# The first two findings of the report are the shop's two leaks; the script checks that
# they are. Everything it starts it also ends, whatever happens; what it writes lies in
# build/demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
ctl=$PWD/$build/bin/memalotctl
out=$PWD/$build/demo
reports=$out/reports
visitors=${DEMO_VISITORS:-2500}
shop=

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' red='' plain=''
fi

number=0
step() {
    number=$((number + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$number" "$*" "$plain"
}

show() {
    printf '%s   $ %s%s\n' "$dim" "${*//$PWD\//}" "$plain"
}

fail() {
    printf '%sdemo: %s%s\n' "$red" "$*" "$plain" >&2
    if [ -s "$out/shop.log" ]; then
        echo "demo: the shop's last lines ($out/shop.log):" >&2
        tail -n 5 "$out/shop.log" | sed 's/^/   /' >&2
    fi
    exit 1
}

stop_shop() {
    [ -n "$shop" ] || return 0
    kill "$shop" 2>/dev/null || true
    for _ in $(seq 80); do
        kill -0 "$shop" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$shop" 2>/dev/null || true
    wait "$shop" 2>/dev/null || true
    shop=
}
trap stop_shop EXIT
trap 'exit 130' INT TERM

wait_for() {  # what, seconds, command that succeeds once it is there
    local what=$1 tries=$(($2 * 10))
    shift 2
    while ! "$@"; do
        kill -0 "$shop" 2>/dev/null || fail "the shop ended while waiting for $what"
        [ "$tries" -gt 0 ] || fail "$what did not come in time"
        tries=$((tries - 1))
        sleep 0.1
    done
}

newest_report() {
    find "$reports" -maxdepth 1 -name 'memalot_report_*' -printf '%T@ %p\n' 2>/dev/null |
        sort -rn | head -n 1 | cut -d' ' -f2-
}

drive() {
    show python examples/shop/load.py "$url" --visitors "$1"
    timeout 90 "$python" examples/shop/load.py "$url" --visitors "$1" --seconds 60 |
        sed 's/^/   /' || fail "the shop did not answer its visitors"
}

resident() {
    awk '/^VmRSS/ {printf "%.0f MB", $2 / 1024}' "/proc/$shop/status"
}

step "A virtual environment for the shop (Flask and waitress, by pip)"
tools/venv.sh "$build/demo-venv" flask waitress || fail "the shop needs Flask"
python=$PWD/$build/demo-venv/bin/python
echo "   $("$python" -V), $("$python" -m pip list 2>/dev/null |
    awk 'tolower($1) ~ /^(flask|waitress)$/ {printf "%s %s  ", $1, $2}')"

rm -rf "$out"
mkdir -p "$out"
cat >"$out/memalot.yaml" <<END
name: shop
report:
  directory: $reports
END

step "The shop, unchanged, started with memalot inside"
show memalotctl run -c build/demo/memalot.yaml -- python -m shop
(cd examples && exec "$ctl" run -c "$out/memalot.yaml" -- \
    "$python" -u -m shop --port 0) >"$out/shop.log" 2>&1 &
shop=$!
wait_for "the shop's ready line" 20 grep -q '^ready ' "$out/shop.log"
url=$(awk '/^ready / {print $2; exit}' "$out/shop.log")
pid=$shop
echo "   process $pid serves $url, $(resident)"

step "Visitors come and go; each should leave nothing behind"
drive "$visitors"
echo "   the process is now at $(resident)"

step "A signal asks for a report; the shop goes on serving"
show kill -USR2 "$pid"
kill -USR2 "$pid"
report_is_there() { [ -n "$(newest_report)" ]; }
wait_for "the report the signal asked for" 60 report_is_there
echo "   saved: $(newest_report | sed "s|$PWD/||")"

step "More visitors, then a report asked for by hand"
drive "$((visitors / 2))"
show memalotctl snapshot "$pid"
timeout 90 "$ctl" snapshot "$pid" >"$out/report.txt" 2>"$out/snapshot.err" ||
    fail "memalotctl snapshot: $(head -n 1 "$out/snapshot.err")"
echo
# The first two findings and the closing figures; the rest is what any Flask has.
awk '/^3  / {skipped = 1} /^TYPE / {skipped = 1} /^paused / {skipped = 0; print "..."}
     /^report / {exit} !skipped' "$out/report.txt" | sed 's/^/   /'
echo "   all of it: ${out#"$PWD"/}/report.txt"

step "Are the first two findings the shop's two leaks?"
"$python" - "$(newest_report)" <<'END' || fail "the report does not name them"
import glob, json, os, sys

directory = sys.argv[1]
with open(sorted(glob.glob(os.path.join(directory, "iteration_report_*.json")))[-1]) as f:
    findings = json.load(f)["findings"]
for finding in findings[:2]:
    picture = os.path.join(directory, (finding.get("diagram") or {}).get("svg") or "")
    print(f"   {finding['path']}")
    print(f"     {finding['title']}")
    print(f"     {os.path.relpath(picture) if os.path.isfile(picture) else 'no picture'}")
first_two = " ".join(finding["path"] for finding in findings[:2])
sys.exit(not ("sessions.SESSIONS" in first_two and "events.bus" in first_two))
END

step "The shop is stopped"
stop_shop
echo "   reports and pictures stay in ${out#"$PWD"/}"
