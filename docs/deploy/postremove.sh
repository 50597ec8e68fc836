#!/bin/sh
# The account and the store in /var/lib/phscript are kept.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
