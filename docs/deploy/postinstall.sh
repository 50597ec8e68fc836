#!/bin/sh
# Makes the account of the service. The service is not started: it needs a token
# and schedules first.
set -e
getent passwd phscript >/dev/null || useradd --system --home-dir /var/lib/phscript --shell /usr/sbin/nologin phscript
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
