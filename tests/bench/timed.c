/* timed: runs a command, its output discarded, and says what it took.
 *
 *	timed COMMAND…                 prints "SECONDS USER SYSTEM PEAK_KIB"; exits as the command
 *	did */
#include "config.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

int main(int argc, char **argv)
{
	struct timespec from, to;
	struct rusage u;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: timed COMMAND...\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		if (null >= 0)
			dup2(null, 1);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid) {
		perror("timed");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.3f %.3f %.3f %ld\n",
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9,
		seconds(u.ru_utime), seconds(u.ru_stime), u.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
