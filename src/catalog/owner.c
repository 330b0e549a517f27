#include "config.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "catalog/owner.h"
#include "system/process.h"

/* /proc/PID/stat: pid (name) state … with the start time as field 22. The name may hold anything,
 * so fields are counted from the last bracket. */
bool owner_start(int64_t pid, char start[OWNER_START])
{
	char path[64], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	at = strrchr(text, ')');
	if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return false;
	for (int field = 2; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %31[0-9]", start) == 1;
}

bool owner_lives(int64_t pid, const char *boot, const char *start)
{
	char now[OWNER_START];

	return pid > 0 && str_eq(boot, process_boot_id()) && owner_start(pid, now) &&
		(!start || str_eq(start, now));
}
