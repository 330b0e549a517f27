/* The part of process.h that says who this process is and keeps others out. */
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char boot[64] = "unknown", self[PATH_MAX] = "cupel";

static void learn(void)
{
	static const char deleted[] = " (deleted)";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (f) {
		if (fscanf(f, "%63s", boot) != 1)
			strcpy(boot, "unknown");
		fclose(f);
	}
	if (n < 0)
		return;
	self[n] = '\0';
	if (str_ends(self, deleted)) /* the program was replaced while it runs: use the new one */
		self[(size_t)n - (sizeof deleted - 1)] = '\0';
}

const char *process_boot_id(void)
{
	pthread_once(&once, learn);
	return boot;
}

const char *process_self_path(void)
{
	pthread_once(&once, learn);
	return self;
}

struct process_lock {
	int fd;
	char *path;
};

struct owner {
	long pid;
	char boot[64], start[32];
};

static bool read_owner(int fd, struct owner *o)
{
	char text[160];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return sscanf(text, "%ld %63s %31s", &o->pid, o->boot, o->start) == 3;
}

static bool held(const char *path, long pid, struct err *e)
{
	return err_set(e, ERR_INPUT, path, "wait for it, or stop it with: cupel jobs, cupel cancel",
		"process %ld is at work here", pid);
}

/* The kernel's lock decides between the living; what is written says who, also where the file
 * system has no such locks. A file that was unlinked under us is not the lock any more. */
static bool take(struct process_lock *l, bool *again, struct err *e)
{
	bool locked = flock(l->fd, LOCK_EX | LOCK_NB) == 0;
	struct owner o = { 0 };
	struct stat mine, there;
	char text[160], start[32] = "0";
	int n;

	if (!locked && errno == EWOULDBLOCK) {
		read_owner(l->fd, &o);
		return held(l->path, o.pid, e);
	}
	if (fstat(l->fd, &mine) != 0 || stat(l->path, &there) != 0 ||
		mine.st_ino != there.st_ino || mine.st_dev != there.st_dev) {
		*again = true;
		return false;
	}
	if (!locked && read_owner(l->fd, &o) && process_is((pid_t)o.pid, o.boot, o.start))
		return held(l->path, o.pid, e);
	process_own_start(start);
	n = snprintf(text, sizeof text, "%ld %s %s\n", (long)getpid(), process_boot_id(), start);
	if (ftruncate(l->fd, 0) != 0 || pwrite(l->fd, text, (size_t)n, 0) != n)
		return err_errno(e, l->path, "write the lock");
	return true;
}

struct process_lock *process_lock_take(const char *path, struct err *e)
{
	struct process_lock *l = xnew(struct process_lock, 1);
	bool again, ok = false;

	l->path = xstrdup(path);
	do {
		again = false;
		l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (l->fd < 0) {
			err_errno(e, path, "create the lock");
			break;
		}
		ok = take(l, &again, e);
		if (!ok)
			close(l->fd);
	} while (again);
	if (ok)
		return l;
	free(l->path);
	free(l);
	return NULL;
}

void process_lock_drop(struct process_lock *l)
{
	if (!l)
		return;
	unlink(l->path);
	close(l->fd);
	free(l->path);
	free(l);
}
