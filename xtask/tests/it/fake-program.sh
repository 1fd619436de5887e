#!/bin/sh
# Stands in for every program that xtask runs: notes how it was called and does the least that xtask needs.
name=${0##*/}
echo "$name $*" >>"$FAKE_LOG"
case "$name $*" in
"$FAKE_FAILURE"*) exit 9 ;;
"cargo pkgid"*) echo "registry+https://example.invalid#wasm-bindgen@0.2.1" ;;
"cargo build"*) echo "not for stdout" ;;
"rustc --print target-libdir"*) echo / ;;
"trunk --version") echo "trunk $FAKE_TRUNK" ;;
"wasm-bindgen"*"--version") echo "$name 0.2.1" ;;
"trunk build"*) mkdir -p dist && echo page >dist/index.html && echo "not for stdout" ;;
"id -u") echo "$FAKE_USER" ;;
"vez-"*) printf '%s\n' "$name" "$@" && exit 7 ;;
esac
