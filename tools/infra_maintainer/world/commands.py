"""The frozen table of commands that may ever be run on a host. No shell, no other program, no free argument.

A row is a fixed argv; `{0}`, `{1}` … stand for whole arguments that must match the row's patterns. All rows only read.
"""

import re
from typing import NamedTuple

from infra_maintainer.world.failure import WorldError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}


class Command(NamedTuple):
    """One allowed program call."""

    argv: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    timeout_s: float = 5.0
    limit_bytes: int = 1 << 20
    package: str = ""


_FILE = r"/[\w./@+, -]+"
_PLACE = r"[\w./~][\w./@:+,~ -]*"
_CONNINFO = r"[\w/][\w./@:+,=&?' -]*"
_RESTIC = ("restic", "-r", "{0}", "--password-file", "{1}", "--no-lock", "--no-cache")
_BORG = (
    "env", "BORG_PASSCOMMAND=cat '{1}'", "BORG_RELOCATED_REPO_ACCESS_IS_OK=yes",
    "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes", "borg", "--bypass-lock",
)  # fmt: skip
_PGBACKREST = ("pgbackrest", "--config={0}", "--stanza={1}", "--log-level-file=off")
_BARMAN = ("barman", "-c", "{0}", "-f", "json")
_TRACES = (
    "find", "/backup", "/backups", "/var/backups", "/srv", "/mnt", "/opt", "/home", "/var/lib/pgbackrest",
    "/var/lib/barman", "-xdev", "-maxdepth", "4", "(", "-name", "backup.info", "-o", "-name", "*.dump",
    "-o", "-name", "*.sql.gz", "-o", "-name", "snapshots", "-o", "-name", "integrity.*", ")", "-printf", "%y %p\\n",
)  # fmt: skip
_PSQL = ("psql", "-XAtqw", "-d", "{0}", "-c")

COMMANDS: dict[str, Command] = {
    # --- health ---
    "journal_errors": Command(
        ("journalctl", "--priority=err", "--since={0}", "--output=json", "--no-pager", "--lines=5000"),
        (r"-\d+(min|h)",),
        timeout_s=10,
        limit_bytes=8 << 20,
        package="systemd",
    ),
    "failed_units": Command(
        ("systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager", "--full"),
        package="systemd",
    ),
    # --- capacity ---
    "sysstat_day": Command(
        ("sadf", "-j", "{0}", "--", "-u", "-r"),
        (r"/var/log/(sysstat|sa)/sa(\d{2}|\d{8})",),
        timeout_s=10,
        limit_bytes=8 << 20,
        package="sysstat",
    ),
    # --- costs ---
    "autoremovable": Command(
        ("apt-get", "-s", "-q", "-o", "Debug::NoLocking=1", "autoremove"), timeout_s=8, package="apt"
    ),
    "block_devices": Command(("lsblk", "-J", "-b", "-o", "NAME,TYPE,SIZE,FSTYPE,MOUNTPOINTS"), package="util-linux"),
    "docker_use": Command(
        ("docker", "system", "df", "--format", "{{{{json .}}}}"), timeout_s=8, limit_bytes=4 << 20, package="docker.io"
    ),
    "installed_packages": Command(
        ("dpkg-query", "-W", "-f", "${{db:Status-Abbrev}}\t${{Installed-Size}}\t${{Package}}\n"),
        limit_bytes=8 << 20,
        package="dpkg",
    ),
    # --- recovery ---
    "backup_traces": Command(_TRACES, timeout_s=20),
    "barman_check": Command((*_BARMAN, "check", "{1}"), (_FILE, r"[\w.-]+"), 60, 4 << 20, "barman"),
    "barman_list": Command((*_BARMAN, "list-backup", "{1}"), (_FILE, r"[\w.-]+"), 30, 16 << 20, "barman"),
    "borg_check": Command((*_BORG, "check", "-v", "{0}"), (_PLACE, _FILE), timeout_s=300, package="borgbackup"),
    "borg_list": Command(
        (*_BORG, "list", "--json", "--consider-checkpoints", "{0}"),
        (_PLACE, _FILE),
        timeout_s=60,
        limit_bytes=16 << 20,
        package="borgbackup",
    ),
    "disks_under": Command(("lsblk", "-nsro", "NAME,TYPE", "{0}"), (r"/dev/[\w./-]+",), package="util-linux"),
    "dump_contents": Command(("pg_restore", "-l", "{0}"), (_FILE,), 30, 4 << 20, "postgresql-client"),
    "dump_files": Command(
        ("find", "{0}", "-maxdepth", "4", "-type", "f", "-printf", "%T@ %s %P\\n"),
        (_FILE,),
        timeout_s=30,
        limit_bytes=8 << 20,
    ),
    "mount_of": Command(("findmnt", "-nro", "SOURCE,FSTYPE", "-T", "{0}"), (_FILE,), package="util-linux"),
    "pgbackrest_info": Command(
        (*_PGBACKREST, "info", "--output=json"), (_FILE, r"[\w.-]+"), 30, 16 << 20, "pgbackrest"
    ),
    "pgbackrest_verify": Command(
        (*_PGBACKREST, "verify", "--output=text", "--verbose"), (_FILE, r"[\w.-]+"), 300, 4 << 20, "pgbackrest"
    ),
    "postgres_archiver": Command(
        (*_PSQL, "select extract(epoch from clock_timestamp() - last_archived_time) from pg_stat_archiver"),
        (_CONNINFO,),
        timeout_s=10,
        package="postgresql-client",
    ),
    "postgres_databases": Command(
        (*_PSQL, "select datname from pg_database where datallowconn and not datistemplate order by 1"),
        (_CONNINFO,),
        timeout_s=10,
        package="postgresql-client",
    ),
    "restic_check": Command((*_RESTIC, "check"), (_PLACE, _FILE), timeout_s=300, package="restic"),
    "restic_snapshots": Command((*_RESTIC, "snapshots", "--json"), (_PLACE, _FILE), 60, 16 << 20, "restic"),
    "sql_trailer": Command(
        ("zgrep", "-aE", "^-- PostgreSQL database (cluster )?dump( complete)?$", "{0}"),
        (_FILE,),
        timeout_s=60,
        package="gzip",
    ),
    # --- security ---
    "apt_config": Command(("apt-config", "dump"), package="apt"),
    "apt_simulation": Command(
        ("apt-get", "-s", "-o", "Debug::NoLocking=1", "dist-upgrade"), timeout_s=30, limit_bytes=4 << 20, package="apt"
    ),
    "block_devices_below": Command(
        ("lsblk", "-s", "--json", "-o", "NAME,TYPE,FSTYPE", "--", "{0}"),
        (r"/dev/[A-Za-z0-9/_.:-]{1,120}",),
        package="util-linux",
    ),
    "dnf_advisories": Command(("dnf5", "advisory", "list", "--security", "-q"), timeout_s=60, package="dnf5"),
    "dpkg_list": Command(
        (
            "dpkg-query",
            "-W",
            "-f",
            "${{binary:Package}}\\t${{source:Package}}\\t${{Version}}\\t${{source:Version}}\\t${{db:Status-Abbrev}}\\n",
        ),
        limit_bytes=8 << 20,
        package="dpkg",
    ),
    "ip6tables_rules": Command(("ip6tables", "-S"), package="iptables"),
    "iptables_nat_rules": Command(("iptables", "-t", "nat", "-S"), package="iptables"),
    "iptables_rules": Command(("iptables", "-S"), package="iptables"),
    "mount_with_type": Command(
        ("findmnt", "--json", "-o", "SOURCE,FSTYPE", "-T", "{0}"), (r"/[^\0\n]{0,300}",), package="util-linux"
    ),
    "nft_ruleset": Command(("nft", "-j", "list", "ruleset"), limit_bytes=8 << 20, package="nftables"),
    "ufw_status": Command(("ufw", "status", "verbose"), package="ufw"),
    "virtualisation": Command(("systemd-detect-virt",), package="systemd"),
    "zfs_encryption": Command(
        ("zfs", "get", "-Hpo", "value", "encryption", "{0}"),
        (r"[A-Za-z0-9][A-Za-z0-9/_.:-]{0,200}",),
        package="zfsutils-linux",
    ),
}


def argv_of(name: str, arguments: tuple[str, ...]) -> tuple[Command, list[str]]:
    """The exact argv of an allowed call.

    Raises KeyError for a name outside the table and ValueError for an argument its pattern does not allow: both are
    mistakes of ours, never of the world.
    """
    command = COMMANDS[name]
    if len(arguments) != len(command.arguments):
        raise ValueError(f"command {name!r} takes {len(command.arguments)} arguments, got {len(arguments)}")
    for pattern, argument in zip(command.arguments, arguments, strict=True):
        if not re.fullmatch(pattern, argument):
            raise ValueError(f"command {name!r} does not allow the argument {argument!r} (allowed: {pattern})")
    return command, [part.format(*arguments) if "{" in part else part for part in command.argv]


def not_installed(name: str) -> WorldError:
    """The failure of a program that this host does not have."""
    command = COMMANDS[name]
    package = command.package or command.argv[0]
    return WorldError("not_supported", f"{command.argv[0]} is not installed here", f"install the package {package}")
