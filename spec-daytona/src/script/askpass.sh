#!/bin/sh
# Hands credentials to git from files, so that no URL, command line or environment holds them.
case $1 in
Username*) cat "$SPEC_CREDENTIALS/username" ;;
*) cat "$SPEC_CREDENTIALS/password" ;;
esac
