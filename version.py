"""The version of timelimit-sync. This is the only place where it is written."""

VERSION = "0.1.0.dev0"
