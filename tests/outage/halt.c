/* Preloaded into an owner: stops the whole process (SIGSTOP) right before the n-th step it takes on disk.
 *
 * halt_before(n) arms it; a step is a call that opens, lists, links, renames, removes or syncs. Directed at the
 * calling thread, the stop happens before the call is made; a kill() of the process would let this thread run on
 * until the main one has taken the signal. halt_steps() says how many steps were taken since.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long at = -1, steps;

void halt_before(long n) { steps = 0; at = n; }
long halt_steps(void) { return steps; }

static void step(void) {
    if (at >= 0 && ++steps == at)
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSTOP);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags) va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more)

int open(const char *path, int flags, ...) { MODE(flags); step(); return REAL(open)(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags); step(); return REAL(open64)(path, flags, mode); }
DIR *opendir(const char *path) { step(); return REAL(opendir)(path); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    step();
    return REAL(linkat)(a, from, b, to, flags);
}
int rename(const char *from, const char *to) { step(); return REAL(rename)(from, to); }
int unlink(const char *path) { step(); return REAL(unlink)(path); }
int fsync(int file) { step(); return REAL(fsync)(file); }
