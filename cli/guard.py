"""Runs one command that must not outlive the process that asked for it.

Called as `python -I -S guard.py <parent pid> <signal> <identity> command…`; it replaces itself by the
command, so the process id stays and nothing of this file remains in memory. Standard library only, because
it starts every part.

`identity` is `same`; `mapped` (the superuser appears as an ordinary user inside a user namespace of its own,
as Postgres refuses to run as root); or `uid:<number>` (the superuser becomes that user).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
MAPPED_ID = 1000
REFUSED = 125


def refuse(why: str) -> None:
    """Ends with a status of its own, so that a refusal is not taken for the command's failure."""
    sys.stderr.write(f"{why}\n")
    sys.exit(REFUSED)


def enter_user_namespace(libc: ctypes.CDLL) -> None:
    """Maps the present user and group to ordinary ones; files keep their real owner outside."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        refuse(f"a user namespace was refused: {os.strerror(ctypes.get_errno())}")
    try:
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{MAPPED_ID} {user} 1"),
            ("gid_map", f"{MAPPED_ID} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as table:
                table.write(line)
    except OSError as trouble:
        refuse(f"a user namespace was refused: {trouble}")


def become(user: int) -> None:
    """Gives up the superuser's rights for good."""
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def follow(libc: ctypes.CDLL, parent: int, death_signal: int) -> None:
    """Asks the kernel for `death_signal` when the parent ends.

    It comes after every change of identity, since such a change clears the wish; and a parent that ended
    before the wish was heard is noticed by looking once more.
    """
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        refuse("the parent has ended")


def main(arguments: list[str]) -> None:
    """Takes the identity, follows the parent and becomes the command."""
    parent, death_signal, identity, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if identity == "mapped":
        enter_user_namespace(libc)
    elif identity.startswith("uid:"):
        become(int(identity.removeprefix("uid:")))
    follow(libc, int(parent), int(death_signal))
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command comes from our own code, never from a user.
    except OSError as trouble:
        refuse(f"{command[0]}: {trouble.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
