#!/bin/sh
# Stands in for every program that xtask runs: notes how it was called and does the least that xtask needs.
name=${0##*/}
echo "$name $*" >>"$FAKE_LOG"
case "$name $*" in
"$FAKE_FAILURE"*) exit 9 ;;
"sh -c "*"$FAKE_MISSING"* | "$FAKE_MISSING --version") exit 127 ;;
"cargo pkgid"*) echo "registry+https://example.invalid#wasm-bindgen@0.2.1" ;;
"cargo build --package vez-web"*)
    for program in vez_web vez_terminal; do
        program=target/wasm32-unknown-unknown/page/$program.wasm
        mkdir -p "${program%/*}" && [ -e "$program" ] || echo wasm >"$program"
    done
    ;;
"cargo build"*) echo "not for stdout" ;;
"rustc --print target-libdir"*) echo / ;;
"trunk --version") echo "trunk $FAKE_TRUNK" ;;
"wasm-bindgen"*"--version") echo "$name 0.2.1" ;;
"wasm-bindgen --target web "*) echo script >"$7/$9.js" && echo program >"$7/$9_bg.wasm" ;;
"trunk build"*)
    rm -rf dist && mkdir dist && echo page >dist/index.html && echo script >dist/vez-web-0123456789abcdef.js
    echo "not for stdout"
    ;;
"python3 -m venv --clear "*) mkdir -p "$4/bin" && ln -s "$0" "$4/bin/python" ;;
"npm install --prefix "*) mkdir -p "$3/node_modules" ;;
"id -u") echo "$FAKE_USER" ;;
"vez-"*) printf '%s\n' "$name" "$@" && exit 7 ;;
esac
