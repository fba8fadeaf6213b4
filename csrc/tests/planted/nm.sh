#!/bin/sh
# Stands in for nm: prints the last of its arguments, a file with what nm said of an object.
for file; do :; done
exec cat "$file"
