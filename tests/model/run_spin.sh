#!/bin/sh
# run_spin.sh MODEL MUTANT FOLDER: checks the model with Spin in all its states. MUTANT 0 must hold; of any other a
# violation must be found. Exit code 77: there is no Spin here.
set -eu
command -v spin >/dev/null || { echo "not run: spin is not installed"; exit 77; }
mkdir -p "$3"
cd "$3"
spin -a -DMUTANT="$2" "$1"
cc -O2 -w -DSAFETY -o pan pan.c
./pan -m100000 >pan.out
grep -E 'pan:|errors:|states, stored' pan.out
if grep -q 'search depth too small\|out of memory\|max search' pan.out; then exit 1; fi
if [ "$2" = 0 ]; then grep -q 'errors: 0$' pan.out; else grep -q 'errors: [1-9]' pan.out; fi
