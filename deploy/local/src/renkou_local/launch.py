"""Starts one child so that it can never outlive the supervisor; run by path, standard library only.

    python -I -S launch.py PARENT_PID DEATH_SIGNAL USER COMMAND [ARGUMENT ...]
    python -I -S launch.py --try

PARENT_PID is the supervisor. On Linux the kernel sends DEATH_SIGNAL to the child when the supervisor dies,
however it dies (PR_SET_PDEATHSIG survives exec). USER is `same` or `unprivileged`: PostgreSQL refuses to
run as root, so root becomes somebody else first, in a user namespace of its own where the kernel allows
that (files stay root's outside), or by giving up root for good. The command then replaces this process: the
pid stays the same.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def unprivileged_account() -> pwd.struct_passwd:
    """An account that exists on this machine and is not root; servers look their own name up."""
    accounts = [account for account in pwd.getpwall() if account.pw_uid != 0]
    if not accounts:
        sys.exit("launch: PostgreSQL does not run as root, and this machine has no other account")
    preferred = {"postgres": 0, "nobody": 2}
    return min(accounts, key=lambda account: (preferred.get(account.pw_name, 1), -account.pw_uid))


def enter_user_namespace(uid: int, gid: int) -> bool:
    """Show root as `uid` inside a new user namespace; False where the kernel or a sandbox forbids it."""
    user, group = os.geteuid(), os.getegid()
    try:
        os.unshare(os.CLONE_NEWUSER)
    except (AttributeError, OSError):
        return False
    for name, line in (
        ("uid_map", f"{uid} {user} 1"),
        ("setgroups", "deny"),
        ("gid_map", f"{gid} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)
    return True


def give_up_root() -> None:
    """Become an unprivileged account, seen from inside a namespace where possible, for good otherwise."""
    if os.geteuid() != 0:
        return
    account = unprivileged_account()
    if not enter_user_namespace(account.pw_uid, account.pw_gid):
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)


def die_with_parent(parent: int, death_signal: int) -> None:
    """Ask the kernel for DEATH_SIGNAL when the parent ends; leave at once when it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("launch: the supervisor is gone")


def main(arguments: list[str]) -> None:
    """Prepare this process and become the command; `--try` only tells whether user namespaces work."""
    if arguments == ["--try"]:
        sys.exit(0 if enter_user_namespace(1000, 1000) else 1)
    parent, death_signal, user, *command = arguments
    if user == "unprivileged":
        give_up_root()
    # After the change of user: the kernel forgets the death signal when credentials change.
    die_with_parent(int(parent), int(death_signal))
    os.execvp(command[0], command)  # noqa: S606 - replacing the process is the point


if __name__ == "__main__":
    main(sys.argv[1:])
