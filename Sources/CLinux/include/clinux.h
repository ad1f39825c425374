// What Swift's Glibc overlay cannot import: variadic functions, macros with casts, and GNU extensions.
// The header keeps to plain types: _GNU_SOURCE here would give Glibc's structs a second definition.
#ifndef TANDEM_CLINUX_H
#define TANDEM_CLINUX_H

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

int cl_errno(void);

// epoll -------------------------------------------------------------------------------------------------------
enum { CL_EPOLLIN = 1, CL_EPOLLOUT = 4, CL_EPOLLERR = 8, CL_EPOLLHUP = 16, CL_EPOLLRDHUP = 0x2000 };
enum { CL_EPOLL_ADD = 1, CL_EPOLL_DEL = 2, CL_EPOLL_MOD = 3 };

/// The most entries one cl_epoll_wait returns.
enum { CL_EPOLL_BATCH = 256 };

typedef struct {
    uint32_t events;
    uint64_t token;
} cl_ready;

int cl_epoll_create(void);
/// One epoll_ctl with a 64-bit token as the event's data.
int cl_epoll_ctl(int epfd, int op, int fd, uint32_t events, uint64_t token);
/// Waits at most `timeout_ns` (negative: for ever) and fills `ready` with at most CL_EPOLL_BATCH entries.
int cl_epoll_wait(int epfd, cl_ready *ready, int capacity, int64_t timeout_ns);

// descriptors -------------------------------------------------------------------------------------------------
/// Non-blocking, close-on-exec.
int cl_eventfd(void);
/// For signal handlers too: errno stays what it was.
void cl_eventfd_signal(int fd);
void cl_eventfd_drain(int fd);
/// Locks a byte of a file for this open file (F_OFD_SETLK) without waiting; -1 where it is locked, or cannot be. It is
/// given back with the last descriptor, so at the latest when the process ends, however it ends.
int cl_lock_byte(int fd, int64_t offset);
void cl_unlock_byte(int fd, int64_t offset);
/// Whether the byte is locked through another open file, of whatever process.
int cl_is_byte_locked(int fd, int64_t offset);
int cl_pipe(int fds[2], int flags);
/// Close-on-exec; non-blocking when asked for.
int cl_accept(int fd, int nonblocking);
/// O_CLOEXEC is added to the flags of every open.
int cl_open(const char *path, int flags, mode_t mode);
int cl_openat(int dir, const char *path, int flags, mode_t mode);
int cl_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int cl_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int cl_fcntl(int fd, int command, int argument);
int cl_ioctl_int(int fd, unsigned long request, int *value);
/// Columns and rows of a terminal; 0, or -1 with errno.
int cl_terminal_size(int fd, int *columns, int *rows);

enum { CL_RENAME_NOREPLACE = 1, CL_RENAME_EXCHANGE = 2 };
/// A handle for a place in the tree that opens nothing.
enum { CL_O_PATH = 010000000, CL_O_TMPFILE = 020200000 };
enum { CL_RESOLVE_NO_MAGICLINKS = 2, CL_RESOLVE_NO_SYMLINKS = 4, CL_RESOLVE_BENEATH = 8 };

/// Where `needle` first stands in `haystack`, or -1.
int64_t cl_find(const void *haystack, size_t length, const void *needle, size_t needle_length);

// Unix sockets ------------------------------------------------------------------------------------------------
int cl_unix_socket(int nonblocking);
/// ENAMETOOLONG for a path of more than 107 bytes.
int cl_bind_unix(int fd, const char *path);
int cl_connect_unix(int fd, const char *path);
/// A non-blocking, close-on-exec datagram socket connected to `path`; '@' at its start stands for the abstract
/// namespace. -1 with errno.
int cl_connect_datagram(const char *path);
/// Credentials of the peer of a connected Unix socket; 0, or -1 with errno.
int cl_peer_credentials(int fd, pid_t *pid, uid_t *uid, gid_t *gid);
/// The supplementary groups of the peer; returns their number, or -1 with errno.
int cl_peer_groups(int fd, gid_t *groups, int capacity);

// processes, signals, time ------------------------------------------------------------------------------------
int cl_prctl_pdeathsig(int signal_number);
/// Starts argv[0] (looked up in PATH when `search` is set) in a session and folder (/) of its own, with default
/// signals, no descriptors but /dev/null and `log` (emptied) as stderr. Returns the pid, or -1 with errno.
pid_t cl_spawn_detached(char *const argv[], int search, const char *log);
/// Starts argv[0] (looked up in PATH) in a session of its own and in `folder`, with the environment of this process
/// and the NAME=VALUE of `added` before it, `input` and `output` as stdin and stdout, and when `quiet` nothing on
/// stderr. It is asked to end (SIGTERM) when this thread ends. For programs with one thread: it forks. Returns the pid,
/// or -1 with errno.
pid_t cl_spawn_piped(char *const argv[], char *const added[], const char *folder, int input, int output, int quiet);
int cl_set_thread_name(const char *name);
pid_t cl_gettid(void);
int64_t cl_monotonic_ns(void);
int64_t cl_wall_ns(void);
/// Starts `path` (looked for in PATH where it has no slash) in a process group of its own and in `folder` (NULL: ours),
/// with `output` as its standard output and error, /dev/null as its input, default signals and no other descriptors.
/// The kernel sends it `death_signal` (0: none) when the calling thread ends, however it does. Rights that the calling
/// thread has taken (cl_take_rights) are its for good, and it has no others. Only async-signal-safe calls are made
/// between fork and exec. Returns the child, or -1 with errno, that of a failed exec included.
pid_t cl_spawn(
    const char *path, char *const argv[], char *const envp[], const char *folder, int output, int death_signal);
/// A descriptor that becomes readable when the child ends; close-on-exec.
int cl_pidfd_open(pid_t pid);
/// The exit status of a wait status, 128 + the signal's number for a killed process, as shells count.
int cl_exit_status(int wait_status);
/// Ignores the signal for this process (SIGPIPE).
void cl_ignore_signal(int signal_number);
/// Whether it is ignored already, as nohup(1) has it for SIGHUP.
int cl_is_ignored(int signal_number);
/// Blocks the signal in the calling thread and the threads it starts; 0 or an error number.
int cl_block_signal(int signal_number);

// rights ------------------------------------------------------------------------------------------------------
/// Supplementary groups that an account may have.
enum { CL_GROUPS = 1024 };
/// Gives the calling thread, and no other one, another account's effective ids and groups and takes all capabilities
/// from it; checked by asking the kernel. Real and saved ids stay root's: nobody else may send the thread signals.
/// Threads and processes that it starts inherit the rights. Only for a process that runs as root; `uid` is not 0.
/// 0, or -1 with errno and the thread's rights unchanged.
int cl_take_rights(uid_t uid, gid_t gid, const gid_t *groups, int count);
/// Gives the calling thread root's rights back, or aborts the process: nothing may go on with the wrong ones.
void cl_give_rights_back(void);

// files -------------------------------------------------------------------------------------------------------
/// The first occurrence of `needle`, or NULL; memmem(3).
const void *cl_memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);
/// Owner, mode and extended attributes of one open file given to another; 0, or -1 with errno. A file system without
/// extended attributes is no error.
int cl_copy_metadata(int from, int to);
/// Tells the kernel to begin writing a file's dirty pages back; waits for nothing. A fsync that follows is shorter.
void cl_start_writeback(int fd);
/// Whether the file behind an O_PATH descriptor may be written by this process: 1, 0, or -1 where the kernel (or a
/// sandbox) has no faccessat2.
int cl_is_writable(int fd);
/// Makes `to` share `from`'s blocks (FICLONE), or copies them within the kernel (copy_file_range), or by hand.
int cl_copy_contents(int from, int to);

/// Freed memory at the heap's end is kept for the next allocations up to so many bytes, and only above them given back
/// at once: a burst of requests else grows and shrinks the heap, and touches each page anew.
static inline void cl_keep_freed_memory(int bytes) { mallopt(M_TRIM_THRESHOLD, bytes); }
/// Gives the kernel back what was freed.
static inline void cl_release_freed_memory(void) { malloc_trim(0); }
#endif
