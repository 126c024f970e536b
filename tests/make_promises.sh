#!/bin/sh
# What is promised of make itself, proved on three small planted findings in a copy of the tree:
# what reruns a unit and what does not, kills, jobs, bad requests, broken findings, the words of
# the progress. Ends with "N passed, N failed". PROMISES_KEEP=1 leaves the copy for a look.
cd "$(dirname "$0")/.." || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL
here=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/glassbox-promises-XXXXXX")
[ -n "$PROMISES_KEEP" ] || trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# --- the planted tree: objects of the core come along, so only the new is compiled ------------
mkdir "$work/tree"
for entry in *; do [ "$entry" = build ] || cp -a "$entry" "$work/tree/"; done
if [ -d build/obj ]; then
    mkdir "$work/tree/build"
    cp -a build/obj build/flags.txt build/libcore.a "$work/tree/build/"
    rm -rf "$work/tree/build/obj/unit"
fi
cd "$work/tree" || exit 2
experiments=experiments/information-storage/general
rm -rf experiments data/record tests/golden
mkdir -p $experiments data/facts
cp tests/promises/planted-*.c $experiments/
printf 'number\n0.75\n' > data/facts/planted.csv
echo 'double planted_twice(double x); /* for one of the planted findings */' > core/num/planted.h
printf '#include "core/num/planted.h"\ndouble planted_twice(double x) { return 2 * x; }\n' > core/num/planted.c
sed -i 's|#include "core/lab/experiment.h"|&\n#include "core/base/file.h"|' core/core.h
first=$experiments/planted-first.c second=$experiments/planted-second.c

# --- helpers -------------------------------------------------------------------------------------
out=$work/out
promise() { # promise TEXT COMMAND...: the command succeeds
    text=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $text"
        tail -n 15 "$out" | sed 's/^/    | /'
    fi
}
report() { # its output in $out, its status in $status
    make report "$@" > "$out" 2>&1
    status=$?
}
says() { grep -q -- "$1" "$out"; }
says_not() { ! grep -q -- "$1" "$out"; }
started() { [ "$(grep -c '^started' "$out")" -eq "$1" ]; }
exits() { [ "$status" -eq "$1" ]; }
last_is_the_site() { [ "$(tail -n 1 "$out")" = "file://$(pwd)/build/site/index.html" ]; }
hashes() { find build/run -name values.csv -o -name curve.csv | sort | xargs sha256sum; }
same_hashes() { hashes > "$work/hashes.new" && cmp -s "$work/hashes" "$work/hashes.new"; }
no_leftovers() { [ -z "$(find build/run -name '*.partial' -o -name '*.stale')" ]; }
later() { sleep 0.02; } # so that the next change is newer by any clock

# --- the first and the second time ---------------------------------------------------------------
report
promise 'the first report succeeds' exits 0
promise 'it ends with the address of the site' last_is_the_site
promise 'it runs the three units' started 3
promise 'it says how many were done' says '^units: 3 done, 0 failed, 0 cached in '
hashes > "$work/hashes"
took=
for try in 1 2 3; do # the quickest counts: other work may share the cores
    begin=$(date +%s%N)
    report
    now=$((($(date +%s%N) - begin) / 1000000))
    [ -n "$took" ] && [ "$took" -lt $now ] || took=$now
done
promise "another report takes under 2 s (took $took ms)" [ "$took" -lt 2000 ]
promise 'it says that no unit had to run' says '^units: nothing had to be done (3 cached)'
promise 'it says that the site had not to be made' says '^site: nothing had to be done'
promise 'it ends with the same address' last_is_the_site
promise 'its values are those of before' same_hashes

# --- what reruns nothing ----------------------------------------------------------------------------
later
sed -i 's/It leaves that number/It also leaves that number/' $first
report
promise 'a word of prose reruns no unit' started 0
promise 'a word of prose remakes the site' says_not '^site: nothing'
later
sed -i 's/\.bound = 0.5/.bound = 0.9/; s/in the file is large/in this file is large/' $first
report
promise 'a bound and a sentence rerun no unit' started 0
make judge > "$out" 2>&1
promise 'a bound is judged anew' says 'HOLDS  *-  *REFUTED  *planted-first/large'
promise 'a changed verdict names its class' says '^judge: exit 1: a verdict or a bit changed'
sed -i 's/\.bound = 0.9/.bound = 0.5/' $first
later
echo 'double linalg_planted(double); double linalg_planted(double x) { return x + 1; }' >> core/num/linalg.c
report
promise 'a core file that is not linked reruns no unit' started 0
later
touch $first core/num/planted.c core/base/base.h data/facts/planted.csv
report
promise 'new times without new content rerun no unit' started 0
later
touch build/unit/planted-*
rm -rf build/inputs
report
promise 'touched executables and lost stamps rerun no unit' started 0
promise 'the values have not moved' same_hashes
make -n report SEEDS=2 > "$out" 2>&1
promise 'make -n runs nothing' [ ! -e build/run/planted-first/seed-2 ]

# --- what reruns which unit ----------------------------------------------------------------------
later
sed -i 's/2 \* x/2.5 * x/' core/num/planted.c
make why T='planted-*' > "$out" 2>&1
promise 'why names the executable' says 'planted-second/seed-1 runs again: its executable changed'
promise 'why names the file' says 'changed since: core/num/planted.c'
promise 'why leaves the others alone' says 'planted-first/seed-1 is current'
report
promise 'a core file reruns the unit that links it' says '^started planted-second/seed-1'
promise 'and no other' started 1
sed -i 's/2\.5 \* x/2 * x/' core/num/planted.c
report
promise 'taking the change back gives the old values' same_hashes
later
printf 'number\n0.8\n' > data/facts/planted.csv
report
promise 'an input reruns the unit that reads it' says '^started planted-first/seed-1'
promise 'and the one that needs its artefact' says '^started planted-second/seed-1'
promise 'and no other unit' started 2
printf 'number\n0.75\n' > data/facts/planted.csv
report
promise 'the old input gives the old values' same_hashes
rm data/facts/planted.csv
report
promise 'an absent input is named' says '^not run planted-first/seed-1: data/facts/planted.csv'
promise 'who needs the finding is not run either' says '^units: 0 done, 0 failed, 2 not run, 1 cached in '
promise 'an absent input is no error' exits 0
report
promise 'the next report names it again' says '^not run planted-first/seed-1: data/facts/planted.csv'
promise 'and starts nothing' started 0
printf 'number\n0.75\n' > data/facts/planted.csv
report
promise 'the input is back, and the values' same_hashes
rm -r build/run/planted-first
report ONLY=planted-second
promise 'a need is run without being asked for' says '^started planted-first/seed-1'
promise 'the same artefact does not rerun who needs it' started 1
promise 'the lost values are back' same_hashes
make CFLAGS="$(make -pn 2> /dev/null | sed -n 's/^CFLAGS := //p') -DPLANTED" build/unit/planted-first > "$out" 2>&1
promise 'other flags compile anew' says 'CC *core/base/base.c'
report
promise 'flags that are taken back rerun no unit' started 0

# --- requests ----------------------------------------------------------------------------------------
report SEEDS=1-2 ONLY='planted-s*' LAUNCH='env PLANTED=1'
promise 'a request runs its seeds, behind the launcher' says '^started planted-second/seed-2'
promise 'what it has is cached' says '^units: 3 done, 0 failed, 3 cached in '
report ONLY='planted-third planted-slow'
promise 'an unknown name is an error' exits 2
promise 'its message lists the names' says 'information-storage/general/planted-slow'
promise 'its last line names the class' says '^report: exit 2: usage, '
report SEEDS=1,x
promise 'seeds have a form' says 'expected all, one seed such as 7, or a list such as 1-3,9'
report VARIANT=huge
promise 'variants have names' says 'VARIANT=huge: expected default or long'
make plan SEEDS=all > "$out" 2>&1
promise 'the plan tells what is done' says 'planted-second/seed-2 .* done'
promise 'the plan tells what is to run' says 'planted-slow/seed-3 .* to run: it has no result here'
promise 'the plan sums up' says '^7 units, 1 to run'
make cite ID=planted-first/small > "$out" 2>&1
promise 'an unknown claim is an error' [ $? -eq 2 ]
make > "$out" 2>&1
promise 'make alone prints help' says 'make report'

# --- jobs ------------------------------------------------------------------------------------------
rm -rf build/run
for jobs in -j1 -j2 -j; do
    rm -rf build/run
    report $jobs
    promise "values do not depend on $jobs" same_hashes
    promise "$jobs gives no warning" says_not -i 'warning\|jobserver'
done

rm -rf build/site build/run
make site > "$out" 2>&1
promise 'a site can be made before any unit has run' [ -e build/site/index.html ]
report
promise 'then the units remake it' says_not '^site: nothing'

# --- kills -----------------------------------------------------------------------------------------
for wait in 0.15 0.4 0.8 1.2; do
    rm -rf build/run build/unit build/libcore.a
    setsid make report > "$out" 2>&1 &
    group=$!
    sleep $wait
    kill -KILL -$group
    wait $group 2> /dev/null
    report
    promise "a kill after $wait s costs no value" same_hashes
    promise "a kill after $wait s leaves no half result" no_leftovers
    promise "after a kill the report succeeds" last_is_the_site
done

# Processes of this tree whose command line starts so; no more than /proc is needed.
processes() {
    for p in /proc/[0-9]*; do
        [ "$(readlink "$p/cwd")" = "$(pwd)" ] && tr '\0' ' ' < "$p/cmdline" | grep -q "^$1" && echo "${p#/proc/}"
    done 2> /dev/null
}
running_unit() { [ -n "$(processes 'build/unit/planted-slow ')" ]; }
no_running_unit() { ! running_unit; }
wait_for() { # until the command succeeds, a minute at most: other work may share the cores
    for i in $(seq 1200); do
        "$@" && return
        sleep 0.05
    done
    return 1
}
rm -rf build/run
for signal in INT TERM; do
    rm -rf build/run/planted-slow
    report ONLY=planted-first
    setsid make report > "$out" 2>&1 &
    group=$!
    wait_for running_unit
    sleep 0.2
    if [ $signal = INT ]; then kill -INT -$group; else kill -TERM $(processes 'build/glassbox watch'); fi
    wait $group 2> /dev/null
    promise "SIG$signal says what was kept" says 'interrupted: .* kept, 1 stopped'
    [ $signal = INT ] || promise 'its last line names the class' says '^report: exit 130: interrupted'
    promise "SIG$signal leaves no unit behind" wait_for no_running_unit
    promise "SIG$signal makes no site of an interrupted run" says_not '^file://'
    report
    promise "after SIG$signal the rest is run" same_hashes
    promise "after SIG$signal nothing is left over" no_leftovers
done

# --- findings that fail ------------------------------------------------------------------------------
later
sed -i 's/    record(run, "none", 0);/    die("planted fault");/' $experiments/planted-slow.c
report
promise 'a failing unit stops no report' exits 0
promise 'a failing unit is called failed' says '^failed  *planted-slow/seed-1'
promise 'the end of its log is shown' says 'planted fault'
promise 'so is the command that repeats it' says '^to repeat it: build/unit/planted-slow --seed 1 --out '
promise 'the site is there all the same' last_is_the_site
promise 'no half result is left of it' no_leftovers
sed -i 's/    die("planted fault");/    record(run, "none", 0);/' $experiments/planted-slow.c
later
echo 'int oops' >> $second
rm -r build/run/planted-slow
report
promise 'a finding that does not compile stops no report' exits 0
promise 'it is called failed' says '^failed  *planted-second: it does not compile'
promise 'the compiler is quoted' says 'planted-second.c:.*error'
promise 'the other findings are run' says '^started planted-slow/seed-1'
make list > "$out" 2>&1
promise 'the list shows it as broken' says '^planted-second *broken:'
make plan > "$out" 2>&1
promise 'the plan shows it as broken' says '^planted-second *broken:'
sed -i '$d' $second
report
promise 'mended, it is whole again' same_hashes
later
echo 'double planted_thrice(void) { return }' >> core/num/planted.c
report
promise 'a core that does not compile stops the report' exits 2
sed -i '$d' core/num/planted.c
later
sed -i 's/    record(run, "zero", 0);/    die("planted fault");/' $first
report
promise 'who needs a failed unit is not reached' says '^not reached planted-second/seed-1'
promise 'both are counted' says '^units: 0 done, 1 failed, 1 not reached, 1 cached in '
sed -i 's/    die("planted fault");/    record(run, "zero", 0);/' $first
report
promise 'mended, both are as before' same_hashes

# --- other flavours ----------------------------------------------------------------------------------
make smoke > "$out" 2>&1
promise 'smoke runs every finding under sanitizers' says '^3 passed, 0 failed'
promise 'smoke has its own folder' [ -e build/smoke/planted-slow/seed-1/values.csv ]
promise 'smoke leaves the results alone' same_hashes
report
promise 'after smoke there is nothing to do' says '^units: nothing had to be done'
promise 'the site was not remade' says '^site: nothing had to be done'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
