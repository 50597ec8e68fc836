#!/bin/sh
# The account and its history in /var/lib/phscript stay.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
