"""Makes the Linux kernel take away from this process all rights that a reader of files does not need.

Even injected machine code cannot get round these limits. Landlock limits the files that may be opened
(https://docs.kernel.org/userspace-api/landlock.html). Seccomp limits the calls of the kernel that may be made
(https://docs.kernel.org/userspace-api/seccomp_filter.html). Neither needs root, and neither can be undone.
"""

from __future__ import annotations

import ctypes
import errno
import mimetypes
import os
import platform
import struct
import sys
import sysconfig
from pathlib import Path

# Public files of the system: libraries, fonts, time zones, MIME types, and descriptions of the machine.
_SYSTEM = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share"),
    *("/usr/local/lib", "/usr/local/share", "/nix/store", "/gnu/store"),
    *(f"/home/linuxbrew/.linuxbrew/{folder}" for folder in ("Cellar", "lib", "opt")),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/ssl/openssl.cnf", *mimetypes.knownfiles),
    *("/dev/null", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# Number of file rights that each version of Landlock's interface knows. A version after the last in this list
# knows at least as many.
_FILE_RIGHTS = (0, 13, 14, 15, 15, 16)
_NETWORK_RIGHTS, _SOCKETS, _SIGNALS = 0b11, 0b01, 0b10  # network since version 4, others since 6
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # numbers of Landlock's calls on every kind of processor
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2  # arguments of prctl(2)

# Refused calls with their numbers on x86-64 and on ARM64, or 0 if the call does not exist there. Calls for
# files are refused for two reasons: a kernel may lack Landlock, and Landlock does not protect modes, owners
# and times.
_REFUSED = """
socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept 43 202,
accept4 288 242, sendto 44 206, sendmsg 46 211, sendmmsg 307 269, ptrace 101 117, process_vm_readv 310 270,
process_vm_writev 311 271, process_madvise 440 440, kcmp 312 272, process_mrelease 448 448,
pidfd_open 434 434, pidfd_getfd 438 438, pidfd_send_signal 424 424, rt_sigqueueinfo 129 138,
rt_tgsigqueueinfo 297 240, tkill 200 130, migrate_pages 256 238, move_pages 279 239, setsid 112 157,
setpgid 109 154, setrlimit 160 164, setpriority 141 140, ioprio_set 251 30, sched_setscheduler 144 119,
sched_setparam 142 118, sched_setattr 314 274, sched_setaffinity 203 122, bpf 321 280,
perf_event_open 298 241, userfaultfd 323 282, personality 135 92, modify_ldt 154 0, keyctl 250 219,
add_key 248 217, request_key 249 218, shmget 29 194, shmat 30 196, shmctl 31 195, msgget 68 186,
msgsnd 69 189, msgrcv 70 188, msgctl 71 187, semget 64 190, semop 65 193, semtimedop 220 192, semctl 66 191,
mq_open 240 180, mq_unlink 241 181, mount 165 40, umount2 166 39, move_mount 429 429, open_tree 428 428,
fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, mount_setattr 442 442, pivot_root 155 41,
chroot 161 51, setns 308 268, unshare 272 97, init_module 175 105, finit_module 313 273,
delete_module 176 106, kexec_load 246 104, kexec_file_load 320 294, reboot 169 142, swapon 167 224,
swapoff 168 225, quotactl 179 60, quotactl_fd 443 443, acct 163 89, syslog 103 116, sethostname 170 161,
setdomainname 171 162, settimeofday 164 170, clock_settime 227 112, clock_adjtime 305 266, adjtimex 159 171,
iopl 172 0, ioperm 173 0, vhangup 153 58, name_to_handle_at 303 264, open_by_handle_at 304 265,
fanotify_init 300 262, memfd_create 319 279, memfd_secret 447 447, creat 85 0, truncate 76 45,
ftruncate 77 46, fallocate 285 47, chmod 90 0, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 0,
lchown 94 0, fchown 93 55, fchownat 260 54, utime 132 0, utimes 235 0, futimesat 261 0, utimensat 280 88,
setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15,
fremovexattr 199 16, mknod 133 0, mknodat 259 33, link 86 0, linkat 265 37, symlink 88 0, symlinkat 266 36,
rename 82 0, renameat 264 38, renameat2 316 276, unlink 87 0, unlinkat 263 35, mkdir 83 0, mkdirat 258 34,
rmdir 84 0
"""
_REFUSED_TO_A_READER = "execve 59 221, execveat 322 281, fork 57 0, vfork 58 0"
# Calls that are reported as unknown. A library then uses an older call, whose arguments the filter can see.
_UNKNOWN = (425, 426, 427, 435, 437)  # io_uring_setup, io_uring_enter, io_uring_register, clone3, openat2
_LAST_KNOWN = 462  # mseal; calls that a later kernel adds are also reported as unknown
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_THREAD, _NAMESPACES = 0x10000, 0x7E020000  # flags of clone(2)
_SET_OWNER = (8, 15)  # commands of fcntl(2) that send signals to another process
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06  # instructions of a filter
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000  # what a filter returns


def confine(*, programs: tuple[Path, ...] = (), signals: bool = True) -> tuple[str, ...]:
    """Confine this process, which must have only one thread, and all processes that it starts.

    Afterwards it can read only libraries and other public files of the system. It cannot write files, connect
    to the network, reach other processes or start one. A confined process can be confined again.

    Args:
        programs: folders of programs that it may start all the same. They are confined as it is, but may
            start other processes, and write to the null device where Landlock is active.
        signals: whether it may send signals only to processes that this call confines.

    Returns:
        the active confinements: "Landlock 6" (the version of its interface) and "seccomp", or fewer.
    """
    if sys.platform != "linux":
        return ()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return ()
    version = _restrict_files(libc, programs, signals=signals)
    in_force = [f"Landlock {version}"] if version else []
    if _restrict_calls(libc, starts_programs=bool(programs), has_landlock=version > 0):
        in_force.append("seccomp")
    return tuple(in_force)


def readable_paths() -> list[Path]:
    """Return the paths that a reader may open: public files of the system, Python, packages, our code."""
    paths = {*map(Path, _SYSTEM), Path(sys.base_prefix, "lib")}
    paths |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    library_paths = map(Path, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    paths |= {path for path in library_paths if path.is_absolute()}
    # Folders of installed packages. Any other folder on the path, such as a checkout, may contain documents.
    paths |= {path for path in map(Path, sys.path) if any(path.glob("*.dist-info"))}
    package = Path(__file__).resolve().parents[1]
    return sorted({*paths, package, package.parent / "embeddings"})


def _restrict_files(libc: ctypes.CDLL, programs: tuple[Path, ...], *, signals: bool) -> int:
    """Allow only readable paths and `programs` to be opened.

    Return the version of Landlock's interface, or 0 if Landlock is not active.
    """
    version = max(0, libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1))
    if not version:
        return 0
    rights = (1 << _FILE_RIGHTS[min(version, len(_FILE_RIGHTS) - 1)]) - 1
    scopes = _SOCKETS | _SIGNALS * signals if version >= 6 else 0
    attributes = struct.pack("=QQQ", rights, _NETWORK_RIGHTS * (version >= 4), scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return 0
    try:
        right = _READ_FILE | _READ_FOLDER | _EXECUTE * bool(programs)
        for path in (*readable_paths(), *programs):
            _allow(libc, rules, path, right)
        if programs:
            _allow(libc, rules, Path(os.devnull), right | _WRITE_FILE)
        return 0 if libc.syscall(_RESTRICT, rules, 0) else version
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, right: int) -> None:
    """Add a rule that allows `right` for a path and all files beneath it, if the path exists."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        right &= ~0 if path.is_dir() else ~_READ_FOLDER
        libc.syscall(_ADD, rules, 1, struct.pack("=Qi", right, opened), 0)
    finally:
        os.close(opened)


def _restrict_calls(libc: ctypes.CDLL, *, starts_programs: bool, has_landlock: bool) -> bool:
    """Make the kernel refuse calls that no reader makes. Return whether the kernel does so."""
    machine = platform.machine()
    if machine not in {"x86_64", "aarch64"} or sys.maxsize < 1 << 32:
        return False
    code = b"".join(_filter(machine, starts_programs=starts_programs, has_landlock=has_landlock))
    instructions = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(instructions))
    return not libc.prctl(_SET_SECCOMP, _FILTER, program, 0, 0)


def _filter(machine: str, *, starts_programs: bool, has_landlock: bool) -> list[bytes]:
    """Return the filter's instructions.

    The filter reads the kind of processor and the number of a call, and an argument of some calls.
    """
    arm = machine == "aarch64"

    def number(x86: int, on_arm: int) -> int:
        return on_arm if arm else x86

    refused = _REFUSED if starts_programs else f"{_REFUSED}, {_REFUSED_TO_A_READER}"
    code = [_load(4), _step(_EQUAL, 0xC00000B7 if arm else 0xC000003E, 1, 0), _step(_RETURN, _KILL), _load(0)]
    code += [_step(_GREATER, _LAST_KNOWN, 0, 1), _refusal(errno.ENOSYS)]  # numbers of x32 calls are larger
    for unknown in _UNKNOWN:
        code += [_step(_EQUAL, unknown, 0, 1), _refusal(errno.ENOSYS)]
    for call in refused.split(","):
        _, *numbers = call.split()
        if of_call := number(*map(int, numbers)):
            code += [_step(_EQUAL, of_call, 0, 1), _refusal(errno.EPERM)]
    # prlimit64 may read limits but not set them. The address of new limits has two halves, which must be 0.
    none_set = [(half, _ANY_BIT, 0xFFFFFFFF, _refusal(errno.EPERM), None) for half in (2, 2.5)]
    code += _looked_at(number(302, 261), *none_set)
    if not (starts_programs and has_landlock):  # Landlock lets programs write to /dev/null, as scripts do
        writes = (_ANY_BIT, _WRITES, _refusal(errno.EACCES), _ALLOWED)
        code += _looked_at(number(257, 56), (2, *writes))  # openat
        code += [] if arm else _looked_at(2, (1, *writes))  # open
    if starts_programs:
        code += _looked_at(
            number(56, 220), (0, _ANY_BIT, _NAMESPACES, _refusal(errno.EPERM), _ALLOWED)
        )  # clone
    else:
        others = _refusal(errno.EPERM)
        code += _looked_at(
            number(72, 25), *((1, _EQUAL, command, others, None) for command in _SET_OWNER)
        )  # fcntl
        code += _looked_at(number(56, 220), (0, _ANY_BIT, _THREAD, _ALLOWED, others))  # clone
        code += _looked_at(number(62, 129), (0, _EQUAL, 0, _ALLOWED, others))  # kill: its own group
        code += _looked_at(
            number(234, 131), (0, _EQUAL, os.getpid(), _ALLOWED, others)
        )  # tgkill: its threads
    return [*code, _ALLOWED]


def _looked_at(call: int, *tests: tuple[float, int, int, bytes, bytes | None]) -> list[bytes]:
    """Return the instructions that decide on a call by its arguments.

    A test has five parts: the number of an argument (plus a half for its upper 32 bits), an instruction, its
    value, and what the filter returns if the test holds and if not. If the last part is None, the filter goes
    on with the next test. After the last test, it allows the call.
    """
    code = []
    for argument, test, value, if_so, if_not in tests:
        code += [_load(16 + int(8 * argument)), _step(test, value, 0, 1), if_so]
        code += [if_not] if if_not else []
    code += [_ALLOWED]
    return [_step(_EQUAL, call, 0, len(code)), *code]


def _load(offset: int) -> bytes:
    """Return an instruction that loads 32 bits of the kernel's data on a call (`struct seccomp_data`)."""
    return _step(_LOAD, offset)


def _refusal(error: int) -> bytes:
    return _step(_RETURN, _REFUSE | error)


def _step(instruction: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """Return an instruction as bytes.

    If the instruction is a test, the kernel skips `if_so` instructions when the test holds, or else `if_not`.
    """
    return struct.pack("=HBBI", instruction, if_so, if_not, value)


_ALLOWED = _step(_RETURN, _ALLOW)
