#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

atomic_bool process_cancelled;

static void on_signal(int sig)
{
	(void)sig;
	atomic_store(&process_cancelled, true);
}

/* The second one ends the program at once: a person who asks twice means it. */
void process_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

struct hand_over { /* what the child tells its parent: its pid, or why it is not there */
	pid_t pid;
	int error;
};

/* Between fork and exec of a program with threads only async-signal-safe calls are allowed. */
static void become_job(char *const argv[], int in, int log, int report)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	struct hand_over h = { .pid = getpid() };
	sigset_t none;

	sigemptyset(&sa.sa_mask);
	for (int sig = 1; sig < 32; sig++)
		sigaction(sig, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpriority(PRIO_PROCESS, 0, 10);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
	if (dup2(in, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		goto fail;
	if (write(report, &h, sizeof h) != sizeof h)
		goto fail;
	execv(argv[0], argv);
fail:
	h.error = errno;
	if (write(report, &h, sizeof h) < 0)
		_exit(126);
	_exit(127);
}

/* Two forks: the job belongs to init, so nobody has to wait for it, and it is no session leader,
 * so it can never get a terminal. */
static pid_t spawn(char *const argv[], int in, int log, const int pipe_fd[2], int *error)
{
	struct hand_over h, last = { 0, EIO };
	pid_t child = fork(), job;
	int status;

	if (child < 0) {
		*error = errno;
		return 0;
	}
	if (child == 0) {
		setsid();
		job = fork();
		if (job == 0)
			become_job(argv, in, log, pipe_fd[1]);
		_exit(job < 0);
	}
	close(pipe_fd[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	while (read(pipe_fd[0], &h, sizeof h) == sizeof h)
		last = h;
	*error = last.error;
	return last.error ? 0 : last.pid;
}

pid_t process_detach(char *const argv[], const char *log_path, struct err *e)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int pipe_fd[2], error = 0;
	pid_t pid = 0;

	if (log < 0) {
		err_errno(e, log_path, "open the log");
	} else if (in < 0 || pipe2(pipe_fd, O_CLOEXEC) != 0) {
		err_errno(e, argv[0], "start a process");
	} else {
		pid = spawn(argv, in, log, pipe_fd, &error);
		close(pipe_fd[0]);
		if (!pid) {
			errno = error;
			err_errno(e, argv[0], "start the process");
		}
	}
	if (in >= 0)
		close(in);
	if (log >= 0)
		close(log);
	return pid;
}

/* State and start time of a process: fields 3 and 22 of its stat line, after the name in
 * parentheses, which may itself hold anything. */
static bool read_stat(pid_t pid, char *state, char start[32])
{
	char path[64], line[1024], *p;
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = '\0';
	p = strrchr(line, ')');
	if (!p || p[1] != ' ')
		return false;
	*state = p[2];
	p += 2;
	for (int field = 3; field < 22 && p; field++) {
		p = strchr(p, ' ');
		p += p != NULL;
	}
	if (!p)
		return false;
	snprintf(start, 32, "%.*s", (int)strcspn(p, " \n"), p);
	return true;
}

bool process_start_of(pid_t pid, char out[32])
{
	char state;

	return read_stat(pid, &state, out) && state != 'Z' && state != 'X';
}

bool process_own_start(char out[32])
{
	return process_start_of(getpid(), out);
}

bool process_alive(pid_t pid, const char *boot_id)
{
	char start[32];

	if (pid <= 0 || !str_eq(boot_id, process_boot_id()))
		return false;
	if (kill(pid, 0) != 0 && errno != EPERM)
		return false;
	/* Without /proc the kill has to do. */
	return access("/proc/self/stat", R_OK) != 0 || process_start_of(pid, start);
}

bool process_is(pid_t pid, const char *boot_id, const char *start)
{
	char now[32];

	return process_alive(pid, boot_id) &&
		(!start || !*start || !process_start_of(pid, now) || str_eq(start, now));
}

/* A descriptor of the process holds on to it while it is looked at: between the look and the signal
 * its pid cannot become another's. Kernels before 5.3 have none. */
bool process_end(pid_t pid, const char *boot_id, const char *start)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);
	bool old_kernel = fd < 0 && errno == ENOSYS, sent = false;

	if (process_is(pid, boot_id, start) && fd >= 0)
		sent = syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0;
	else if (old_kernel && process_is(pid, boot_id, start))
		sent = kill(pid, SIGTERM) == 0;
	if (fd >= 0)
		close((int)fd);
	return sent;
}
