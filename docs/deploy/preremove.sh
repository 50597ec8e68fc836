#!/bin/sh
# Stops the service where the package goes, not where a newer one takes its place:
# dpkg says remove then, rpm 0.
set -e
if [ -d /run/systemd/system ] && { [ "$1" = remove ] || [ "$1" = 0 ]; }; then
  systemctl disable --now phscript.service || true
fi
