/* What a card says of where its model comes from: its name, its parents, its quantization. */
#include "import/card_reading.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

/* --- name --- */

static char *first_heading(const struct card_reader *r)
{
	char *s = NULL;

	for (size_t i = 0; !s && i < r->line.n && i < 400; i++)
		s = card_heading(r, i);
	for (size_t i = 0; !s && r->c->rendered && i < r->line.n; i++)
		if (r->line.v[i].use == LINE_TEXT && *r->line.v[i].s &&
			strlen(r->line.v[i].s) < 200)
			s = card_plain(r->line.v[i].s, strlen(r->line.v[i].s));
	return s;
}

/* load("owner/name") of the usage that many cards end with. */
static char *loaded(const struct card_reader *r)
{
	for (size_t i = 0; i < r->line.n; i++) {
		const char *p = strstr(r->line.v[i].s, "load(\"");

		if (p && strchr(p + 6, '"') && p[6] != '.' && p[6] != '/')
			return xstrndup(p + 6, strcspn(p + 6, "\""));
	}
	return NULL;
}

/* "Name-Q4_K_M (4.42 GB)": brackets behind a name are none of it. */
static void cut_size(char *title)
{
	char *open = title ? strrchr(title, '(') : NULL;

	if (open && open > title + 1 && open[-1] == ' ' && str_ends(open, ")") &&
		!memchr(title, ' ', (size_t)(open - title - 1)))
		open[-1] = 0;
}

/* Headings that many cards begin with are no names. */
static bool generic(const char *s)
{
	static const char *const words[] = { "merge", "about", "model card", "readme", "overview",
		"introduction", "model details", "untitled", "model", "description",
		"model description", "model overview", "model information", "highlights" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return card_find(s, "quantizations of ") || card_find(s, "quants of ");
}

/* "…/models--owner--name/…" of the hub's cache is owner/name. Otherwise the folder of a README;
 * sure: the former. free() */
static char *name_of_path(const char *path, bool *sure)
{
	char *real = realpath(path, NULL), *found = NULL,
	     *p = real ? strstr(real, "/models--") : NULL;
	const char *file = real ? str_base(real) : "";

	*sure = p != NULL;
	if (p) {
		p += strlen("/models--");
		p[strcspn(p, "/")] = 0;
		char *gap = strstr(p, "--");
		found = gap ? xasprintf("%.*s/%s", (int)(gap - p), p, gap + 2) : xstrdup(p);
	} else if (!strncasecmp(file, "readme.", 7) && file > real + 1) {
		real[file - real - 1] = 0;
		found = *str_base(real) ? xstrdup(str_base(real)) : NULL;
	}
	free(real);
	return found;
}

void card_read_name(struct card_reader *r)
{
	bool sure;
	char *place = name_of_path(r->f->path, &sure);

	char *usage = loaded(r);

	if (!r->title)
		r->title = first_heading(r);
	if (r->title && strncasecmp(r->title, "model card for ", 15) == 0)
		memmove(r->title, r->title + 15, strlen(r->title + 15) + 1);
	cut_size(r->title);
	if (r->hub)
		r->c->name = xstrdup(r->hub);
	else if (place && (sure || !r->title || generic(r->title)))
		r->c->name = str_safe(place);
	else if (r->title && usage && strchr(usage, '/') &&
		 strcasecmp(str_base(usage), r->title) == 0)
		r->c->name = xstrdup(usage);
	else if (r->title && (!usage || !strchr(r->title, ' ')))
		r->c->name = str_safe(r->title);
	else if (usage)
		r->c->name = str_safe(usage);
	if (r->c->name)
		r->f->model = xstrdup(r->c->name);
	free(usage);
	free(place);
}

/* --- parents --- */

/* The name of a model that begins at s, "owner/name" or a word with a digit and a dash: its length
 * or 0. */
static size_t name_at(const char *s)
{
	size_t n = card_repository(s), k = 0;
	bool digit = false, dash = false, letter = false;

	if (n)
		return n;
	for (; isalnum((uint8_t)s[k]) || (s[k] && strchr("-_.", s[k])); k++) {
		digit |= isdigit((uint8_t)s[k]) != 0;
		letter |= isalpha((uint8_t)s[k]) != 0;
		dash |= s[k] == '-';
	}
	while (k && s[k - 1] == '.')
		k--;
	return digit && dash && letter && k >= 6 && k < 200 && s[k] != '/' ? k : 0;
}

static void add_parent(
	struct card_reader *r, const char *s, size_t n, const char *relation, size_t line)
{
	char *name = xstrndup(s, n);

	if (!r->c->name || strcasecmp(str_base(name), str_base(r->c->name)) != 0)
		card_parent(r, name, relation, (int64_t)line + 1);
	free(name);
}

static const struct {
	const char *words, *relation;
} phrases[] = {
	{ "converted to MLX format from ", "quantized" },
	{ "converted from ", "quantized" },
	{ "quantization of ", "quantized" },
	{ "quantized version of ", "quantized" },
	{ "quantizations of ", "quantized" },
	{ "quants of ", "quantized" },
	{ "quantized from ", "quantized" },
	{ "GGUF version of ", "quantized" },
	{ "fine-tuned version of ", "finetune" },
	{ "finetuned version of ", "finetune" },
	{ "fine-tune of ", "finetune" },
	{ "finetune of ", "finetune" },
	{ "finetuned from model", "finetune" },
	{ "fine-tuned from ", "finetune" },
	{ "finetuned from ", "finetune" },
	{ "merge method using ", "base" },
};

static void phrases_of(struct card_reader *r, const char *s, size_t line)
{
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
		const char *p = card_find(s, phrases[i].words);

		if (!p)
			continue;
		p += strlen(phrases[i].words);
		p += strspn(p, " :");
		if (strncasecmp(p, "the ", 4) == 0)
			p += 4;
		if (str_starts(p, "https://huggingface.co/"))
			p += strlen("https://huggingface.co/");
		if (name_at(p))
			add_parent(r, p, name_at(p), phrases[i].relation, line);
	}
}

/* "… is a merge of:", "The following models were included in the merge:" */
static bool announces(const char *s)
{
	const char *merge = card_find(s, "merge");

	return merge && str_ends(s, ":") && strlen(s) < 200 &&
	       (str_ends(s, " of:") || str_ends(s, "the merge:") || str_ends(s, "models:") ||
		       strncasecmp(s, "models merged", 13) == 0 || card_find(s, "merged models"));
}

/* The names under such a line, from the list that follows. */
static void announced(struct card_reader *r, size_t line)
{
	size_t found = 0, i;

	for (i = line + 1; i < r->line.n && found < 64; i++) {
		const char *s = r->line.v[i].s, *entry = card_bullet(s);
		char *plain;
		size_t n = 0;

		if (!*s)
			continue;
		plain = card_plain(entry ? entry : s, strlen(entry ? entry : s));
		for (const char *p = plain; !n && *p && entry; p += strcspn(p, " "), p += *p == ' ')
			if ((n = name_at(p)))
				add_parent(r, p, n, "merge", i);
		if (!entry && (n = name_at(plain)) && !plain[n])
			add_parent(r, plain, n, "merge", i);
		free(plain);
		if (!n || r->line.v[i].use != LINE_TEXT)
			break;
		found++;
	}
	if (!found)
		import_unread(r->f, (int64_t)line + 1, r->line.v[line].s, strlen(r->line.v[line].s),
			"no models stand under it");
}

void card_read_parents(struct card_reader *r)
{
	for (size_t i = 0; i < r->line.n; i++) {
		char *s;

		if (r->line.v[i].use != LINE_TEXT || !*r->line.v[i].s)
			continue;
		s = card_plain(r->line.v[i].s, strlen(r->line.v[i].s));
		phrases_of(r, s, i);
		if (!r->c->license &&
			(card_find(s, "noncommercial") || card_find(s, "non-commercial")))
			r->c->license = xstrdup("non-commercial");
		if (announces(s))
			announced(r, i);
		free(s);
	}
}

/* --- quantization --- */

static void set(struct card_reader *r, const char *key, json_t *value)
{
	if (!r->c->quantization)
		r->c->quantization = json_object();
	if (json_object_get(r->c->quantization, key))
		json_decref(value);
	else
		json_object_set_new(r->c->quantization, key, value);
}

static const char *container_in(const char *s)
{
	static const char *const words[] = { "gguf", "mlx", "exl2", "exl3", "awq", "gptq" };

	for (size_t i = 0; s && i < sizeof words / sizeof words[0]; i++) {
		const char *p = card_find(s, words[i]);

		if (p && (p == s || !isalnum((uint8_t)p[-1])) &&
			!isalnum((uint8_t)p[strlen(words[i])]))
			return words[i];
	}
	return NULL;
}

static const char *container_of(const struct card_reader *r)
{
	const char *found = container_in(r->c->name ? str_base(r->c->name) : NULL);
	json_t *tag;
	size_t i;

	if (!found)
		found = container_in(r->title);
	if (!found)
		found = container_in(r->c->library);
	if (!found && json_object_get(r->c->facts, "hub_container"))
		found = "gguf";
	json_array_foreach(r->c->tags, i, tag) if (!found) found =
		container_in(json_string_value(tag));
	return found;
}

/* Bits and group of a type by its name: groups of 64, with -hi of 32 (MLX). */
static void type_of(struct card_reader *r, const char *type, size_t n, const char *container)
{
	char *word = xstrndup(type, n);
	const char *digit = strpbrk(word, "0123456789");
	bool mixed = card_find(word, "mixed") ||
		     (digit && (word[1] | 32) == 'x' && (*word | 32) == 'q'),
	     micro = card_find(word, "mxfp") || card_find(word, "nvfp");

	set(r, "type", json_textn(word));
	if (digit && !mixed && !strchr(word, '.') && card_count(digit) >= 0)
		set(r, "bits", json_integer(card_count(digit)));
	if (str_eq(container, "mlx") && digit && !card_find(word, "f16") &&
		!card_find(word, "fp16"))
		set(r, "group",
			json_integer(card_find(word, "nvfp")          ? 16
				     : micro || str_ends(word, "-hi") ? 32
								      : 64));
	free(word);
}

/* "…-b4.6-h8-exl2" */
static void exl_name(struct card_reader *r, const char *name)
{
	for (const char *p = name; (p = strchr(p, '-'));) {
		struct card_value v;

		p++;
		if (*p == 'b' && isdigit((uint8_t)p[1]) && card_value(p + 1, &v) && v.value < 17)
			set(r, "bits_per_weight", card_number(v.value));
		if (*p == 'h' && isdigit((uint8_t)p[1]) && !isdigit((uint8_t)p[2]) &&
			!isalpha((uint8_t)p[2]))
			set(r, "head_bits", json_integer(p[1] - '0'));
	}
}

/* What stands behind the words, or NULL. */
static const char *after(const char *s, const char *words)
{
	const char *p = card_find(s, words);

	if (!p)
		return NULL;
	p += strlen(words);
	return p + strspn(p, " :=");
}

static void quant_line(struct card_reader *r, const char *s, size_t line)
{
	const char *p;
	double v;

	if ((p = after(s, "head bits")) && card_count(p) >= 0)
		set(r, "head_bits", json_integer(card_count(p)));
	if ((p = after(s, "bits per weight:")) && (v = card_scaled(p, false)) < 33 && v > 0)
		set(r, "bits_per_weight", card_number(v));
	if ((p = after(s, "group size")) && card_count(p) > 0 && card_count(p) < 100000)
		set(r, "group", json_integer(card_count(p)));
	if ((p = after(s, "file size:")) && (v = card_scaled(p, false)) > 1e6) {
		set(r, "bytes", json_integer((json_int_t)(v < 1e15 ? v + 0.5 : 0)));
		card_fact(r, "file_size", card_number(v), line);
	}
	if ((p = after(s, "mlx-lm version")) && isdigit((uint8_t)*p)) {
		size_t n = strspn(p, "0123456789.");

		while (n && p[n - 1] == '.')
			n--;
		char *version = xasprintf("mlx-lm %.*s", (int)(n < 40 ? n : 40), p);
		set(r, "tool", json_textn(version));
		free(version);
	}
}

void card_read_quantization(struct card_reader *r)
{
	const char *container = container_of(r), *type = NULL;
	const char *name = r->c->name ? str_base(r->c->name) : NULL;
	size_t n;

	if (name)
		type = card_quant_in(name, &n);
	if (!type && r->title)
		type = card_quant_in(r->title, &n);
	if (container)
		set(r, "container", json_string(container));
	if (type && (container || strncasecmp(type, "bf16", 4) != 0))
		type_of(r, type, n, container);
	if (!r->c->quantization)
		return;
	if (name && container_in(name) && card_find(container_in(name), "exl"))
		exl_name(r, name);
	for (size_t i = 0; i < r->line.n; i++) {
		char *s;

		if (r->line.v[i].use != LINE_TEXT || !*r->line.v[i].s)
			continue;
		s = card_plain(r->line.v[i].s, strlen(r->line.v[i].s));
		quant_line(r, s, i);
		free(s);
	}
}
