#!/usr/bin/env bash
# `make fuzz`: each target for so many seconds, coverage-guided by libFuzzer, from the committed corpus. What is found stays in
# fuzz/libfuzzer/artifacts/. With FUZZ_KEEP=1 the smallest of what reached something new join the committed corpus.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-60}" seed="${2:-20261122}"

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "make fuzz: cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2
    echo "make fuzz: what runs without it is the smoke run: cargo test -p fuzz-targets" >&2
    exit 69
fi
if ! command -v c++ >/dev/null; then
    echo "make fuzz: libFuzzer needs a C++ compiler" >&2
    exit 69
fi

# The address sanitizer needs a nightly compiler; the code fuzzed here is safe Rust, so without one nothing much is lost.
# FUZZ_SANITIZER=none is several times faster to build and to run.
sanitizer=(-s none) nightly=()
if [[ "${FUZZ_SANITIZER:-address}" == address ]] && rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
    sanitizer=(-s address) nightly=(+nightly)
fi
echo "seed $seed, $seconds s each, sanitizer ${sanitizer[1]}"

# The same versions as everything else.
cp ../Cargo.lock libfuzzer/Cargo.lock
options=(--fuzz-dir libfuzzer "${sanitizer[@]}")
cargo "${nightly[@]}" fuzz build "${options[@]}"

failed=()
for target in $(cargo fuzz list --fuzz-dir libfuzzer); do
    mkdir -p "libfuzzer/corpus/$target" "libfuzzer/artifacts/$target"
    log="libfuzzer/artifacts/$target/log"
    if cargo "${nightly[@]}" fuzz run "${options[@]}" "$target" "libfuzzer/corpus/$target" "corpus/$target" -- \
        -seed="$seed" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, nothing found"
    else
        failed+=("$target")
        echo "$target: FOUND something, see fuzz/$log" >&2
        continue
    fi
    if [[ "${FUZZ_KEEP:-}" == 1 ]]; then
        cargo "${nightly[@]}" fuzz cmin "${options[@]}" "$target" "libfuzzer/corpus/$target" >>"$log" 2>&1
        # Small ones only: the smoke run reads them all.
        find "libfuzzer/corpus/$target" -type f -size -2 -print0 | sort -z | head -z -n 40 | xargs -0r cp -t "corpus/$target"
    fi
done
[[ ${#failed[@]} -eq 0 ]]
