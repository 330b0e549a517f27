/* owner: which process a row belongs to: pid, boot, and the moment it started, because pids are used
 * again. Plain values; any thread. */
#ifndef CUPEL_CATALOG_OWNER_H
#define CUPEL_CATALOG_OWNER_H
#include <stdbool.h>
#include <stdint.h>

#define OWNER_START 32
/* When the process started, as the kernel counts; false if there is none (or only its remains). */
bool owner_start(int64_t pid, char start[OWNER_START]);
/* The very process that wrote these three still runs. start may be NULL. */
bool owner_lives(int64_t pid, const char *boot, const char *start);
#endif
