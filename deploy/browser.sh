#!/usr/bin/env bash
# Debian's Chromium and a Thai font for the browser tests: installed where we may, else said loudly.
set -u
if command -v chromium >/dev/null 2>&1; then exit 0; fi
echo "ไม่มี Chromium กำลังติดตั้ง / Chromium is missing, installing it ..."
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
      chromium fonts-noto-core; } >/dev/null 2>&1 && exit 0
fi
cat <<'TEXT'
############################################################################
#  NO CHROMIUM: the browser tests are LEFT OUT of this run.                 #
#  ไม่มี Chromium: การทดสอบผ่านเบราว์เซอร์ถูกข้ามทั้งหมดในรอบนี้              #
#  Debian/Ubuntu: sudo apt-get install chromium fonts-noto-core             #
############################################################################
TEXT
exit 0
