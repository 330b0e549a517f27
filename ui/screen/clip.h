/* clip: text to the clipboard of whoever sits in front of the terminal, over ssh and through tmux:
 * OSC 52. Any thread (it only builds bytes). */
#ifndef CUPEL_UI_CLIP_H
#define CUPEL_UI_CLIP_H
#include <stdbool.h>
#include "base/str.h"

#define CLIP_MAX (74994 / 4 * 3) /* what terminals take: 100,000 bytes of sequence, xterm less */
/* Appends the sequence; inside tmux it is wrapped so that it reaches the outer terminal. */
void clip_sequence(struct str *out, const char *text, size_t n, bool tmux);
bool clip_in_tmux(void);
#endif
