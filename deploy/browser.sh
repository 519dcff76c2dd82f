#!/usr/bin/env bash
# Debian's Chromium and a Thai font for the browser tests: installed where we may, else said loudly.
# Chromium without windows (the package chromium-headless-shell) needs half the processor's time.
set -u
have() { command -v "$1" >/dev/null 2>&1; }
install() {
  { timeout 60 apt-get update -qq && timeout 240 apt-get install -qq -y --no-install-recommends \
      "$1" fonts-noto-core; } >/dev/null 2>&1
}
if have chromium-headless-shell; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && have apt-get; then
  echo "กำลังติดตั้ง Chromium แบบไม่มีหน้าต่าง / installing Chromium without windows ..."
  export DEBIAN_FRONTEND=noninteractive
  install chromium-headless-shell || have chromium || install chromium
fi
for name in chromium-headless-shell chromium chromium-browser; do
  if have "$name"; then exit 0; fi
done
cat <<'TEXT'
############################################################################
#  NO CHROMIUM: the browser tests are LEFT OUT of this run.                 #
#  ไม่มี Chromium: การทดสอบผ่านเบราว์เซอร์ถูกข้ามทั้งหมดในรอบนี้              #
#  Debian/Ubuntu: sudo apt-get install chromium fonts-noto-core             #
############################################################################
TEXT
exit 0
