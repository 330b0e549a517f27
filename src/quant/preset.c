#include "config.h"
#include "quant/preset.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct row {
	enum ftype ftype;
	const char *name;
	enum dtype base;
	const char *help;
} rows[] = {
#define PRESET(id, number, name, base, help) { FTYPE_##id, name, DT_##base, help },
#include "quant/presets.def"
#undef PRESET
};
static const struct {
	const char *name, *help;
} mlx_rows[] = {
	{ "q8", "8 bits in groups of 64; -hi: of 32" },
	{ "q6", "6 bits in groups of 64; -hi: of 32" },
	{ "q5", "5 bits in groups of 64; -hi: of 32" },
	{ "q4", "4 bits in groups of 64; -hi: of 32" },
	{ "q3", "3 bits in groups of 64; -hi: of 32" },
	{ "q2", "2 bits in groups of 64; -hi: of 32" },
	{ "mxfp8", "8-bit floats in groups of 32" },
	{ "mxfp4", "4-bit floats in groups of 32" },
	{ "nvfp4", "4-bit floats in groups of 16" },
	{ "mixed_4_6", "4 bits, 6 for half of v_proj and down_proj and for the head" },
	{ "mixed_3_6", "3 bits, 6 for half of v_proj and down_proj and for the head" },
	{ "mixed_3_4", "3 bits, 4 for half of v_proj and down_proj and for the head" },
	{ "mixed_2_6", "2 bits, 6 for half of v_proj and down_proj and for the head" },
	{ "qx63", "6 bits for embedding, head, v_proj and some of attention, 3 for the rest; any "
		"two of 2 3 4 5 6 8" },
};
/* Names that llama-quantize takes for another. */
static const char *const aliases[][2] = { { "Q3_K", "Q3_K_M" }, { "Q4_K", "Q4_K_M" },
	{ "Q5_K", "Q5_K_M" } };
#define COUNT(a) (sizeof(a) / sizeof *(a))

bool quant_more_bits(int64_t i, int64_t n)
{
	return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

bool quant_preset_at(size_t i, const char **name, enum quant_container *c, const char **help)
{
	size_t k = i - COUNT(rows);

	if (i < COUNT(rows)) {
		*name = rows[i].name;
		*c = QUANT_GGUF;
		*help = rows[i].help;
		return true;
	}
	if (k >= COUNT(mlx_rows))
		return false;
	*name = mlx_rows[k].name;
	*c = QUANT_MLX;
	*help = mlx_rows[k].help;
	return true;
}

static bool parse_gguf(const char *name, struct quant_preset *out)
{
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (!strcasecmp(name, aliases[i][0]))
			name = aliases[i][1];
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcasecmp(name, rows[i].name))
			continue;
		out->container = QUANT_GGUF;
		out->ftype = rows[i].ftype;
		out->base = quant_plain(rows[i].base);
		snprintf(out->name, sizeof out->name, "%s", rows[i].name);
		return true;
	}
	return false;
}

static bool is_width(int bits)
{
	return bits >= 2 && bits <= 8 && bits != 7;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : -1;
}

/* What stands before "-hi". */
static bool parse_mlx(const char *s, int group, struct quant_preset *out)
{
	static const enum quant_mode modes[] = { QUANT_MXFP4, QUANT_MXFP8, QUANT_NVFP4 };
	static const char *const names[] = { "mxfp4", "mxfp8", "nvfp4" };
	static const char *const mixed[] = { "mixed_2_6", "mixed_3_4", "mixed_3_6", "mixed_4_6" };
	int low = -1, high = -1;

	out->kind = MLX_UNIFORM;
	for (size_t i = 0; i < COUNT(modes); i++)
		if (!strcmp(s, names[i])) {
			out->base = quant_scaled(modes[i]);
			out->high = out->base;
			return true;
		}
	for (size_t i = 0; i < COUNT(mixed); i++)
		if (!strcmp(s, mixed[i])) {
			out->kind = MLX_MIXED;
			low = digit(s[6]);
			high = digit(s[8]);
		}
	if (s[0] == 'q' && strlen(s) == 2) {
		low = high = digit(s[1]);
	} else if (s[0] == 'q' && s[1] == 'x' && strlen(s) == 4) {
		out->kind = MLX_QX;
		high = digit(s[2]);
		low = digit(s[3]);
	}
	if (!is_width(low) || !is_width(high))
		return false;
	out->base = quant_affine(low, group, DT_BF16);
	out->high = quant_affine(high, group, DT_BF16);
	return true;
}

static bool parse_mlx_name(const char *name, struct quant_preset *out)
{
	char low[sizeof out->name];
	size_t n = strlen(name);

	if (n >= sizeof low)
		return false;
	for (size_t i = 0; i <= n; i++)
		low[i] = (char)tolower((unsigned char)name[i]);
	bool hi = n > 3 && !strcmp(low + n - 3, "-hi");
	out->container = QUANT_MLX;
	snprintf(out->name, sizeof out->name, "%s", low);
	if (hi)
		low[n - 3] = 0;
	if (!parse_mlx(low, hi ? 32 : 64, out))
		return false;
	out->hi_idle = hi && out->base.mode != QUANT_AFFINE;
	return true;
}

bool quant_preset_parse(const char *name, struct quant_preset *out, struct err *e)
{
	const char *list[COUNT(rows) + COUNT(mlx_rows)], *help, *nearest;
	enum quant_container c;
	char word[32];
	size_t n = 0;

	memset(out, 0, sizeof *out);
	if (parse_gguf(name, out) || parse_mlx_name(name, out))
		return true;
	while (quant_preset_at(n, &list[n], &c, &help))
		n++;
	snprintf(word, sizeof word, "%s", name);
	for (char *s = word; *s; s++)
		*s = (char)toupper((unsigned char)*s);
	nearest = str_nearest(word, list, n);
	for (char *s = word; !nearest && *s; s++)
		*s = (char)tolower((unsigned char)*s);
	if (!nearest)
		nearest = str_nearest(word, list, n);
	err_set(e, ERR_INPUT, name, "`cupel types --presets` lists what there is",
		"there is no preset %s", name);
	if (e && nearest)
		snprintf(e->hint, sizeof e->hint, "did you mean %s? `cupel types --presets` lists "
			"what there is", nearest);
	return false;
}
