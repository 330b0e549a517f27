#include "model/role.h"
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/vec.h"
#include "system/file.h"

#define NAME_MAX_LEN 512
#define FILE_MAX_BYTES ((size_t)4 << 20)

/* Strings to pointers, open addressing. Keys are kept by reference. */
struct map_slot {
	const char *key;
	const void *value;
};
struct map {
	struct map_slot *v;
	size_t n, size;
};

static struct map_slot *map_slot(const struct map *m, const char *key, size_t len)
{
	size_t i = hash64_bytes(key, len) & (m->size - 1);

	while (m->v[i].key && (strncmp(m->v[i].key, key, len) || m->v[i].key[len]))
		i = (i + 1) & (m->size - 1);
	return &m->v[i];
}

static const void *map_get(const struct map *m, const char *key, size_t len)
{
	return m->size ? map_slot(m, key, len)->value : NULL;
}

static void map_grow(struct map *m)
{
	struct map old = *m;

	m->size = old.size ? old.size * 2 : 64;
	m->v = xnew(struct map_slot, m->size);
	for (size_t i = 0; i < old.size; i++)
		if (old.v[i].key)
			*map_slot(m, old.v[i].key, strlen(old.v[i].key)) = old.v[i];
	free(old.v);
}

/* Replaces what was there if `over`. */
static void map_put(struct map *m, const char *key, const void *value, bool over)
{
	if (m->n * 2 >= m->size)
		map_grow(m);
	struct map_slot *s = map_slot(m, key, strlen(key));
	m->n += !s->key;
	if (!s->key || over)
		*s = (struct map_slot){ key, value };
}

struct row {
	const char *pattern; /* as written */
	const char *role;
	const char *stem;    /* GGUF's, with its ending where whole */
	bool whole;          /* the GGUF column was a whole name: so is the pattern */
};
static struct {
	struct arena arena;
	struct map names;    /* "family/rest" and "/rest" → row */
	struct map hf;       /* "family/gguf stem+ending" and "/stem" → row */
	struct map wrappers; /* component → itself */
	struct map within;   /* component → prefix */
	struct str problem;
	bool shipped;        /* some of share/ were found */
} table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* A name taken apart: numbers replaced, wrappers and ending gone. */
struct form {
	char text[NAME_MAX_LEN];
	size_t n;
	int layer, expert;  /* first and second number, -1 */
	bool layered;       /* the first number stands behind a word for layers */
	const char *prefix; /* of `within`, or NULL */
	size_t below;       /* where the text below the within component starts */
};

static bool is_number(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return n > 0 && n < 9;
}

static bool is_ending(const char *s, size_t n)
{
	return (n == 6 && !memcmp(s, "weight", 6)) || (n == 4 && !memcmp(s, "bias", 4));
}

static bool is_layers(const char *s, size_t n)
{
	static const char *const words[] = { "layers", "blk", "blocks", "h", "layer", "block" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return true;
	return false;
}

static void add_component(struct form *f, const char *s, size_t n, bool after_layers)
{
	if (f->n)
		f->text[f->n++] = '.';
	if (is_number(s, n)) {
		int v = atoi(s);
		bool first = f->layer < 0, second = !first && f->expert < 0;
		if (first) {
			f->layer = v;
			f->layered = after_layers;
		} else if (second) {
			f->expert = v;
		}
		s = first ? "{L}" : second ? "{E}" : "#";
		n = strlen(s);
	}
	memcpy(f->text + f->n, s, n);
	f->n += n;
}

/* False if the name is too long to be any row's. */
static bool take_apart(struct form *f, const char *name)
{
	const char *s = name, *last = "";
	size_t last_n = 0;

	f->n = 0;
	f->layer = f->expert = -1;
	f->layered = false;
	f->prefix = NULL;
	f->below = 0;
	if (strlen(name) > NAME_MAX_LEN - 64)
		return false;
	for (;;) {
		size_t n = strcspn(s, ".");
		bool end = !s[n];
		if (end && f->n && is_ending(s, n))
			break;
		if (end || f->n || !map_get(&table.wrappers, s, n)) {
			const char *prefix =
				!f->n || f->prefix ? map_get(&table.within, s, n) : NULL;
			add_component(f, s, n, is_layers(last, last_n));
			if (prefix) {
				f->prefix = prefix;
				f->below = f->n + 1;
			}
		}
		if (end)
			break;
		last = s;
		last_n = n;
		s += n + 1;
	}
	f->text[f->n] = 0;
	return true;
}

/* The row of "family/head rest" or "/head rest". */
static const struct row *row_of(const struct map *m, const char *family, const char *head,
	const char *rest, size_t n)
{
	char key[NAME_MAX_LEN + 80];
	int k = snprintf(key, sizeof key, "%.64s/%s%.*s", family ? family : "", head, (int)n, rest);
	const struct row *r = map_get(m, key, (size_t)k);
	const char *slash = strchr(key, '/');

	return r || slash == key ? r : map_get(m, slash, (size_t)(key + k - slash));
}

static const struct row *find_row(const struct form *f, const char *family)
{
	const struct row *r = row_of(&table.names, family, "", f->text, f->n);

	if (!r && f->prefix && f->below < f->n)
		r = row_of(&table.names, family, "", f->text + f->below, f->n - f->below);
	for (const char *s = f->text; !r && s; s = strchr(s, '.')) {
		s += *s == '.';
		r = row_of(&table.names, family, "*.", s, (size_t)(f->text + f->n - s));
	}
	return r;
}

/* --- reading the files --- */

static void complain(const char *path, int line, const char *what)
{
	if (!table.problem.n)
		str_addf(&table.problem, "%s:%d: %s", path, line, what);
}

static int split(char *line, char **word, int max)
{
	int n = 0;

	line[strcspn(line, "#")] = 0;
	for (char *save, *w = strtok_r(line, " \t\r", &save); w;
		w = strtok_r(NULL, " \t\r", &save)) {
		if (n == max)
			return max + 1;
		word[n++] = w;
	}
	return n;
}

static const char *key_of(const char *family, size_t n, const char *head, const char *text)
{
	return arena_printf(&table.arena, "%.*s/%s%s", (int)n, family, head, text);
}

/* A row of a user's file goes over those before it; in one file the first full row of a stem names
 * it, so the shipped ones do not. */
static void add_row(char *const *word, int n, bool user, const char *path, int line)
{
	bool any = str_starts(word[0], "*.");
	const char *families = n > 2 && strcmp(word[2], "-") ? word[2] : "";
	struct row *r = arena_new(&table.arena, struct row, 1);
	struct form f;

	if (!take_apart(&f, word[0] + (any ? 2 : 0)))
		return complain(path, line, "the pattern is too long");
	r->pattern = arena_strdup(&table.arena, word[0]);
	r->role = arena_strdup(&table.arena, word[1]);
	r->whole = n > 3 && (str_ends(word[3], ".weight") || str_ends(word[3], ".bias"));
	const char *stem = r->stem = arena_strdup(&table.arena, n > 3 ? word[3] : word[1]);
	do {
		size_t k = strcspn(families, ",");
		map_put(&table.names, key_of(families, k, any ? "*." : "", f.text), r, true);
		if (!any)
			map_put(&table.hf, key_of(families, k, "", stem), r, user);
		families += k + (families[k] == ',');
	} while (*families);
}

static void read_line(char *text, bool user, const char *path, int line)
{
	char *word[32];
	int n = split(text, word, 32);

	if (!n)
		return;
	if (!strcmp(word[0], "wrapper") && n <= 32) {
		for (int i = 1; i < n; i++) {
			const char *w = arena_strdup(&table.arena, word[i]);
			map_put(&table.wrappers, w, w, true);
		}
	} else if (!strcmp(word[0], "within") && n >= 3 && n <= 32) {
		const char *prefix = arena_strdup(&table.arena, word[n - 1]);
		for (int i = 1; i < n - 1; i++)
			map_put(&table.within, arena_strdup(&table.arena, word[i]), prefix, true);
	} else if (n >= 2 && n <= 4) {
		add_row(word, n, user, path, line);
	} else {
		complain(path, line, "expected: PATTERN ROLE [FAMILIES [GGUF]]");
	}
}

static void read_roles(const char *path, bool user)
{
	size_t n;
	struct err e;
	char *text = file_read_all(path, FILE_MAX_BYTES, &n, &e);
	int line = 1;

	if (!text)
		return complain(path, 0, e.what);
	for (char *s = text; *s; line++) {
		char *end = s + strcspn(s, "\n");
		bool more = *end;
		*end = 0;
		read_line(s, user, path, line);
		s = end + more;
	}
	free(text);
}

static size_t read_folder(const char *dir, bool user)
{
	size_t n = 0, read = 0;
	char **names = file_is_dir(dir) ? file_list(dir, &n, NULL) : NULL;

	for (size_t i = 0; names && i < n; i++) {
		if (!str_ends(names[i], ".role") || *names[i] == '.')
			continue;
		char *path = str_join_path(dir, names[i]);
		read_roles(path, user);
		free(path);
		read++;
	}
	file_list_free(names, n);
	return read;
}

static void load(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *shipped = file_data_path("roles");
	char *own = config && *config ? xasprintf("%s/cupel/roles", config) :
		home ? xasprintf("%s/.config/cupel/roles", home) : NULL;

	arena_init(&table.arena);
	table.shipped = read_folder(shipped, false) > 0;
	if (!table.shipped)
		complain(shipped, 0, "no files of roles; reinstall cupel, or set CUPEL_DATA");
	if (own)
		read_folder(own, true);
	free(shipped);
	free(own);
}

const char *role_problem(void)
{
	pthread_once(&table_once, load);
	return table.problem.s;
}

bool role_ready(struct err *e)
{
	char *path;

	pthread_once(&table_once, load);
	if (table.shipped)
		return true;
	path = file_data_path("roles");
	err_set(e, ERR_INPUT, path, "install cupel again, or set CUPEL_DATA to its share folder",
		"there are no files of roles");
	free(path);
	return false;
}

/* --- using them --- */

struct answer {
	const char *role;
	bool layered;
};

static const char *prefixed(const char *prefix, const char *role, struct arena *a)
{
	size_t n = strlen(prefix);

	if (!n || prefix[n - 1] != '_')
		return prefix;
	return role ? arena_printf(a, "%s%s", prefix, role) : arena_strndup(a, prefix, n - 1);
}

/* A GGUF name's stem is its role, unless a row says otherwise. */
static const char *gguf_role(const struct form *f, const char *family, struct arena *a)
{
	static const char *const endings[] = { "", ".weight", ".bias" };
	bool block = str_starts(f->text, "blk.{L}.");
	const char *stem = f->text + (block ? 8 : 0);
	char *role = arena_strdup(a, stem);

	for (int i = 0; i < 3; i++) {
		char *key = arena_printf(a, "%s%s", stem, endings[i]);
		const struct row *r = row_of(&table.hf, family, "", key, strlen(key));
		if (r)
			return r->role;
	}
	for (char *s = role; *s; s++)
		if (*s == '.')
			*s = '_';
	return role;
}

static struct answer *answer_new(const struct form *f, const char *family, bool gguf,
	struct arena *a)
{
	struct answer *x = arena_new(a, struct answer, 1);
	const struct row *r = find_row(f, family);

	if (f->prefix)
		x->role = prefixed(f->prefix, r ? r->role : NULL, a);
	else
		x->role = r ? r->role : gguf ? gguf_role(f, family, a) : "other";
	x->layered = !f->prefix && (f->layered || (r && strstr(r->pattern, "{L}")));
	return x;
}

/* A shared expert without a router is what other families call the feed-forward block. */
static void dense_names(struct tensor *v, size_t n)
{
	static const char *const dense[][2] = {
		{ "ffn_gate_up_shexp", "ffn_gate_up" }, { "ffn_gate_shexp", "ffn_gate" },
		{ "ffn_up_shexp", "ffn_up" }, { "ffn_down_shexp", "ffn_down" },
	};

	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].role, "ffn_gate_inp"))
			return;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof dense / sizeof *dense; k++)
			if (!strcmp(v[i].role, dense[k][0]))
				v[i].role = dense[k][1];
}

void role_classify(struct tensor *v, size_t n, const char *family, bool gguf, struct arena *a)
{
	struct map seen = { 0 };
	struct form f;

	pthread_once(&table_once, load);
	for (size_t i = 0; i < n; i++) {
		if (!take_apart(&f, v[i].name))
			continue;
		const struct answer *x = map_get(&seen, f.text, f.n);
		if (!x) {
			x = answer_new(&f, family, gguf, a);
			map_put(&seen, arena_strndup(a, f.text, f.n), x, true);
		}
		v[i].role = x->role;
		v[i].layer = x->layered ? f.layer : -1;
		v[i].expert = x->layered ? f.expert : -1;
	}
	free(seen.v);
	dense_names(v, n);
}

bool role_hf_name(struct str *out, const char *family, const char *stem, const char *ending,
	int layer, int expert)
{
	pthread_once(&table_once, load);
	char *key = xasprintf("%s%s", stem, ending);
	const struct row *r = row_of(&table.hf, family, "", key, strlen(key));

	if (!r)
		r = row_of(&table.hf, family, "", stem, strlen(stem));
	free(key);
	if (!r || str_starts(r->pattern, "*.") || (layer < 0 && strstr(r->pattern, "{L}")) ||
		(expert < 0 && strstr(r->pattern, "{E}")))
		return false;
	for (const char *s = r->pattern; *s; ) {
		if (str_starts(s, "{L}")) {
			str_addf(out, "%d", layer);
			s += 3;
		} else if (str_starts(s, "{E}")) {
			str_addf(out, "%d", expert);
			s += 3;
		} else {
			str_addc(out, *s++);
		}
	}
	if (!r->whole)
		str_add(out, ending);
	return true;
}

bool role_gguf_name(struct str *out, const char *family, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct form f;

	pthread_once(&table_once, load);
	const struct row *r = take_apart(&f, name) ? find_row(&f, family) : NULL;
	if (!r || f.prefix || str_starts(r->pattern, "*."))
		return false;
	if (strstr(r->pattern, "{L}"))
		str_addf(out, "blk.%d.", f.layer);
	str_add(out, r->stem);
	if (!r->whole && dot && is_ending(dot + 1, strlen(dot + 1)))
		str_add(out, dot);
	return true;
}
