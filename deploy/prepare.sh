#!/usr/bin/env bash
# Installs what a fresh machine lacks, and says what it does. Safe to run again: what is there is left alone.
#
#   deploy/prepare.sh run    what `make run` needs: the embedded ClickHouse, the front ends' packages, GeoIP ranges
#   deploy/prepare.sh test   the same, a headless Chromium with a font that has Kazakh letters, Firefox, WebKitGTK, PHP, and nginx and Caddy (not started)
set -euo pipefail
cd "$(dirname "$0")/.."

goal="${1:?usage: deploy/prepare.sh run|test}"
say() { printf '\033[1msanaq:\033[0m %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

for tool in cargo node npm; do
  have "$tool" || { say "$tool is missing: install Rust (rustup) and Node.js 20 or newer first"; exit 1; }
done

# apt_install PACKAGE FILE WHY: installs a Debian package when FILE is missing and this machine lets us.
apt_updated=
apt_install() {
  local package=$1 file=$2 why=$3
  [ -e "$file" ] && return 0
  if ! have apt-get; then say "no $package ($why): this machine has no apt"; return 1; fi
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if have sudo && sudo -n true 2>/dev/null; then root=(sudo -n)
    else say "no $package ($why): install it with 'apt-get install $package'"; return 1; fi
  fi
  say "installing $package ($why)"
  if [ -z "$apt_updated" ]; then "${root[@]}" apt-get update -qq || true; apt_updated=1; fi
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "$package" >/dev/null \
    || { say "apt could not install $package"; return 1; }
}

# proxy_install PACKAGE SERVICE FILE: a web server of which only the program is wanted, run by the tests on loopback. Its package
# must not start a service here, now or at the next boot: Debian asks policy-rc.d first.
proxy_install() {
  local package=$1 service=$2 file=$3 policy=/usr/sbin/policy-rc.d
  [ -e "$file" ] && return 0
  local root=(); [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  local ours=
  if [ ! -e "$policy" ] && printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null 2>&1; then
    "${root[@]}" chmod 755 "$policy"
    ours=1
  fi
  local installed=0
  apt_install "$package" "$file" "the address rule is tested behind it" || installed=1
  [ -z "$ours" ] || "${root[@]}" rm -f "$policy"
  if [ "$installed" -eq 0 ] && [ -d /run/systemd/system ]; then "${root[@]}" systemctl disable --quiet "$service" || true; fi
  return "$installed"
}

# npm_ci FOLDER WHY: installs a folder's packages by its lock file, when the lock changed since the last time.
npm_ci() {
  local folder=$1 why=$2
  local stamp="$folder/node_modules/.installed-lock"
  cmp -s "$folder/package-lock.json" "$stamp" && return 0
  say "installing npm packages of $folder ($why)"
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error)
  cp "$folder/package-lock.json" "$stamp"
}

# A C compiler builds the bundled SQLite.
have cc || apt_install gcc /usr/bin/cc "compiles the bundled SQLite"

npm_ci crates/engine/npm "the embedded ClickHouse, about 180 MB once"
npm_ci tracker-js "builds the tracker"
npm_ci dashboards/web "builds the staff interface"

apt_install tor-geoipdb /usr/share/tor/geoip "country of an address; without it the browser's time zone decides" || true

if [ "$goal" = test ]; then
  npm_ci tests/browser "drives the browser journeys"
  npm_ci tests/clients "published clients of other tools"
  node tests/clients/vendor.mjs || say "no script of Umami's (tests/clients): the registry could not be reached"
  if [ -z "${CHROMIUM:-}" ] && ! have chromium && ! have chromium-browser && ! have google-chrome; then
    apt_install chromium /usr/bin/chromium "browser journeys" || true
  fi
  [ -n "${FIREFOX:-}" ] || apt_install firefox-esr /usr/bin/firefox-esr "the tracker in Firefox" || true
  apt_install webkit2gtk-driver /usr/bin/WebKitWebDriver "the tracker in WebKit" || true
  apt_install xvfb /usr/bin/Xvfb "a screen for WebKit" || true
  apt_install libfaketime "$(find /usr/lib -name libfaketime.so.1 2>/dev/null | grep . || echo /usr/lib/libfaketime.so.1)" "a midnight is lived through" || true
  [ -n "${PHP:-}" ] || apt_install php-cli /usr/bin/php "runs the WordPress plugin" || true
  proxy_install nginx-light nginx /usr/sbin/nginx || true
  proxy_install caddy caddy /usr/bin/caddy || true
  apt_install fonts-dejavu-core /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf "Kazakh letters in screenshots" || true
fi
