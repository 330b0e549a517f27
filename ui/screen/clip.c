#include "config.h"
#include <stdlib.h>
#include "ui/screen/clip.h"

static void base64(struct str *out, const unsigned char *s, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)s[i] << 16;

		if (i + 1 < n)
			v |= (unsigned)s[i + 1] << 8;
		if (i + 2 < n)
			v |= s[i + 2];
		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		str_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

bool clip_in_tmux(void)
{
	const char *tmux = getenv("TMUX");

	return tmux && *tmux;
}

void clip_sequence(struct str *out, const char *text, size_t n, bool tmux)
{
	if (n > CLIP_MAX)
		n = CLIP_MAX;
	if (tmux)
		str_add(out, "\033Ptmux;\033"); /* every ESC inside is doubled: there is this one */
	str_add(out, "\033]52;c;");
	base64(out, (const unsigned char *)text, n);
	str_add(out, "\a");
	if (tmux)
		str_add(out, "\033\\");
}
