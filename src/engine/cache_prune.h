/* cache_prune: keeps a cache folder small. Any thread. */
#ifndef CUPEL_ENGINE_CACHE_PRUNE_H
#define CUPEL_ENGINE_CACHE_PRUNE_H
#include <stddef.h>

/* Removes the oldest files of a folder until `keep` are left (some at a time; best effort). */
void cache_prune(const char *dir, size_t keep);
#endif
