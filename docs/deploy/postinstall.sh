#!/bin/sh
# Creates the account of the service. The service is not started, because it needs
# a token and schedules first. A running service restarts with the new program.
set -e
getent passwd phscript >/dev/null ||
  useradd --system --user-group --home-dir /var/lib/phscript --shell /usr/sbin/nologin phscript
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart phscript.service || true
fi
