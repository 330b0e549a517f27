/* fuzzy: how well what was typed fits a name and the sentence that explains it. Any thread. */
#ifndef CUPEL_UI_FUZZY_H
#define CUPEL_UI_FUZZY_H
#include <stdint.h>

/* 0 = does not match. Letters of `typed` in order in `name` score best (starts of words and runs
 * more); else every word of `typed` somewhere in `help`, else a name that begins with all but the
 * last letter typed. An empty `typed` matches everything alike. hits: bit i = byte i of name
 * matched (first 64). */
int fuzzy_score(const char *typed, const char *name, const char *help, uint64_t *hits);
#endif
