#!/bin/sh
# Stops the service when the package is removed, but not when it is upgraded. On
# removal, the first argument is "remove" from dpkg and 0 from rpm.
set -e
if [ -d /run/systemd/system ] && { [ "$1" = remove ] || [ "$1" = 0 ]; }; then
  systemctl disable --now phscript.service || true
fi
