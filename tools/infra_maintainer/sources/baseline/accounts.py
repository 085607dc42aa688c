"""Local accounts that are root, or as good as root."""

from typing import NamedTuple

# Membership gives root without asking: containers mount the disk, disk reads it, shadow holds the hashes.
_ROOT_EQUAL = ("docker", "lxd", "libvirt", "disk", "shadow", "sudo", "wheel", "admin", "kvm")


class Member(NamedTuple):
    """A user in a group that is as good as root."""

    user: str
    group: str


def extra_roots(passwd: str) -> list[str]:
    """Return the names besides root that have user id 0."""
    rows = [line.split(":") for line in passwd.splitlines()]
    return [row[0] for row in rows if len(row) >= 7 and row[2] == "0" and row[0] != "root"]


def root_equal_members(group: str) -> list[Member]:
    """Return who is listed in a group that is as good as root. A member by primary group is not in this file."""
    found: list[Member] = []
    for line in group.splitlines():
        row = line.split(":")
        if len(row) == 4 and row[0] in _ROOT_EQUAL:
            found += [Member(user, row[0]) for user in row[3].split(",") if user and user != "root"]
    return found


def weak_passwords(shadow: str) -> list[str]:
    """Return the accounts whose password is empty or hashed with MD5 or DES. The hashes themselves go nowhere."""
    found: list[str] = []
    for line in shadow.splitlines():
        row = line.split(":")
        if len(row) < 2:
            continue
        is_des = len(row[1]) == 13 and "$" not in row[1] and not row[1].startswith(("!", "*"))
        if row[1] == "" or row[1].startswith("$1$") or is_des:
            found.append(row[0])
    return found
